import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HeardPlace, unheardSubtrees } from './unheard.ts';

/** `name<parent` in capitals where it is heard; what comes later was heard later. */
const placesOf = (text: string): HeardPlace[] =>
  text.split(' ').map((one, heardMs) => {
    const [name = '', parent = null] = one.split('<');
    return {
      id: name.toLowerCase(),
      parent: parent?.toLowerCase() ?? null,
      isSilent: name === name.toLowerCase(),
      heardMs,
    };
  });
const said = (text: string): string[] =>
  unheardSubtrees(placesOf(text)).map(
    ({ relay, isSilent, hosts, heardMs }) => `${relay} ${isSilent ? 'and ' : ''}${hosts} at ${heardMs}`,
  );

test('a part of the tree that is silent is one relay, the topmost, with all below it', () => {
  assert.deepEqual(said('ROOTED a b<a x<a y<b z<b'), ['a and 4 at 5']);
  assert.deepEqual(said('TOP a<top x<a B<top Y<b'), ['a and 1 at 2'], 'the other half goes on');
  assert.deepEqual(said('a x<a b y<b'), ['a and 1 at 1', 'b and 1 at 3']);
});

test('one host that is heard keeps what is above it from being cut off', () => {
  assert.deepEqual(said('a b<a x<b Y<a'), ['b and 1 at 2']);
  assert.deepEqual(said('a X<a'), [], 'a relay that is silent alone is a silent host');
  assert.deepEqual(said('a b'), [], 'and so is a host without children');
});

test('a relay that is heard while nothing below it is holds something back, where it is not one child alone', () => {
  assert.deepEqual(said('A x<a y<a'), ['a 2 at 2']);
  assert.deepEqual(said('A b<a x<b y<b'), ['b and 2 at 3']);
  assert.deepEqual(said('A x<a'), []);
});

test('two that call each other their parent are no endless way', () => {
  assert.deepEqual(said('a<b b<a'), []);
  assert.deepEqual(said('a<a'), []);
});
