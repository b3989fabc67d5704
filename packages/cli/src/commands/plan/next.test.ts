import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlanDetail } from '@xylem/root/contract';
import { closedText, nextText } from './shared.ts';

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

test('of closed gates it is said when they were looked at', () => {
  const created = '2026-11-22T15:31:50Z';
  const plan = (...gates: readonly boolean[]): PlanDetail =>
    ({
      created,
      stages: gates.map((open) => ({ environments: [{ found: { gates: [{ gate: 'health', open }] } }] })),
    }) as unknown as PlanDetail;
  assert.deepEqual(closedText(plan(true)), []);
  assert.match(closedText(plan(true, false)).join(), new RegExp(`as they stood at ${created}`));
});
