import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parentLoop, type RelayPlace } from './loops.ts';

const relay = (id: string, firstParent: string | null): RelayPlace => ({
  id,
  url: `https://${id}:8442`,
  firstParent,
});
const to = (id: string): string => `https://${id}:8442`;

test('finds circles of one, two and more through what was changed, and the way along them', () => {
  const relays = [
    relay('a', to('b')),
    relay('b', to('c')),
    relay('c', to('a')),
    relay('own', 'HTTPS://OWN:8442/'),
    relay('below', to('a')),
    relay('root-child', to('root')),
    relay('new', null),
  ];
  const found = (...ids: string[]) => parentLoop(relays, new Set(ids));
  assert.deepEqual(found('a'), ['a', 'b', 'c']);
  assert.deepEqual(found('c'), ['c', 'a', 'b']);
  assert.deepEqual(found('own'), ['own']);
  // A circle that was there before, and that this change is no part of, is nobody's fault now.
  assert.equal(found('below', 'root-child', 'new'), null);
  assert.deepEqual(found('below', 'b'), ['b', 'c', 'a']);
});

test('a line of relays as long as it may be is looked through once', () => {
  const relays = Array.from({ length: 20_000 }, (_, at) => relay(`r${at}`, to(`r${at + 1}`)));
  assert.equal(parentLoop(relays, new Set(['r0'])), null);
  const closed = [...relays, relay('r20000', to('r0'))];
  assert.equal(parentLoop(closed, new Set(['r5']))?.length, 20_001);
});

test('an address that is none names nobody', () => {
  assert.equal(parentLoop([{ id: 'a', url: 'no address', firstParent: null }], new Set(['a'])), null);
});
