import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remembering } from './remembering.ts';

function counted(bounds: Parameters<typeof remembering>[1]) {
  const parsed: string[] = [];
  const parse = remembering((text) => {
    parsed.push(text);
    if (text === 'bad') throw new Error('bad');
    return { text };
  }, bounds);
  return { parsed, parse };
}

test('the texts that were parsed last are parsed once, whatever else was forgotten', () => {
  const { parsed, parse } = counted({ most: 2, maxChars: 100 });
  assert.equal(parse('a'), parse('a'));
  parse('b');
  parse('a');
  parse('c');
  assert.deepEqual(parsed, ['a', 'b', 'c']);
  parse('a');
  parse('b');
  assert.deepEqual(parsed, ['a', 'b', 'c', 'b']);
});

test('no more is kept than so many characters, and no fault', () => {
  const { parsed, parse } = counted({ most: 10, maxChars: 5 });
  for (const text of ['1234', '56', '1234', '1234567', '1234567']) parse(text);
  assert.deepEqual(parsed, ['1234', '56', '1234', '1234567', '1234567']);
  for (let time = 0; time < 2; time += 1) assert.throws(() => parse('bad'), /bad/);
  assert.deepEqual(parsed.slice(-2), ['bad', 'bad']);
});

test('nobody changes what all are given', () => {
  const parse = remembering((text) => ({ parts: [{ text }] }), { most: 10, maxChars: 100 });
  const [part] = parse('a').parts;
  assert.throws(() => parse('a').parts.push({ text: 'b' }), TypeError);
  assert.throws(() => Object.assign(part ?? {}, { text: 'b' }), TypeError);
});
