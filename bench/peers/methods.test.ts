import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Method } from './method.ts';
import { chooseMethods, methods } from './methods.ts';

const namesOf = (chosen: readonly Method[]): string[] => chosen.map(({ name }) => name);

test('by default all methods on a small pair, and on a large one those that do not take minutes', () => {
  assert.deepEqual(chooseMethods(undefined, false), methods);
  const large = namesOf(chooseMethods(undefined, true));
  assert.ok(large.includes('casync') && !large.includes('bsdiff'));
});

test('what is named is run, slow or not, in the order of the table, a hyphen standing for a blank', () => {
  const chosen = chooseMethods('xylem-chunks, bsdiff,casync', true);
  assert.deepEqual(namesOf(chosen), ['casync', 'bsdiff', 'xylem chunks']);
});

test('a name that is none is refused', () => {
  assert.throws(() => chooseMethods('casync,rsynk', false), { code: 'E_INPUT', message: /rsynk/ });
});
