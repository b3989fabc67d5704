import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlanDetail } from '@xylem/root/contract';
import { nextText } from './shared.ts';

const open = (...missing: readonly (readonly string[])[]): PlanDetail =>
  ({
    id: 'p-1',
    stages: missing.map((one) => ({ environments: [{ missing: one }] })),
  }) as unknown as PlanDetail;

test('what comes next of an open plan is what may be done: starting one that nobody approved is refused', () => {
  const start = 'xylem deploy --plan p-1';
  assert.equal(nextText(open([], ['one of person/ann'])), `Start it: ${start}`);
  assert.equal(
    nextText(open(['one of person/ann'], [])),
    `Have it approved: xylem plan approve p-1; then: ${start}`,
  );
});
