import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { nothingRecorded, replayed } from './record.ts';

/** Kept for ever: what a version decided and said that worded its sentences otherwise. */
const older = readFileSync(new URL('../../fixtures/evidence/canary-1.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n');

function replay(lines: readonly string[]): string[] | string {
  let recorded = nothingRecorded;
  const worded: string[] = [];
  for (const line of lines) {
    const result = replayed(recorded, line);
    if (typeof result === 'string') return result;
    worded.push(result.worded);
    recorded = result.after;
  }
  return worded;
}

test('an older record decides the same, in other words', () => {
  const worded = replay(older);
  assert.ok(Array.isArray(worded), String(worded));
  assert.equal(worded.length, older.length);
  assert.ok(worded.includes('otherwise'));
});

test('another decision, another verdict, or a step that is not said to begin is found', () => {
  const at = (text: string): number => older.findIndex((line) => line.includes(text));
  const changed = (from: string, to: string, index = at(from)): readonly string[] =>
    older.with(index, (older[index] ?? assert.fail()).replace(from, to));
  const found = (lines: readonly string[]): void => {
    const result = replay(lines);
    assert.match(typeof result === 'string' ? result : 'the same', /decided again it is/);
  };
  found(changed('"state":"succeeded"', '"state":"failed"'));
  found(changed('"verdict":"pass"', '"verdict":"inconclusive"'));
  found(changed('"kind":"admit"', '"kind":"hold"'));
  const step = at('"kind":"canary","reason":"Part');
  const line = older[step] ?? assert.fail();
  found(
    older.with(step, line.replace(/"kind":"canary","reason":"Part[^"]*"/, '"kind":"canary","reason":null')),
  );
});
