import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlanDetail } from '@xylem/root/contract';
import { probeLines } from './probes.ts';
import { rulesText } from './rules.ts';

const probe = { name: 'front', url: 'https://shop.example/', expect: { contains: 'welcome' } };
const last = {
  state: 'fail' as const,
  reason: 'status 502 instead of 200',
  since: '2026-11-22T08:00:05Z',
  at: '2026-11-22T08:00:25Z',
};
const stage = (more: object): PlanDetail['stages'][number] =>
  ({ name: 'edge', environments: [], standing: null, ...more }) as PlanDetail['stages'][number];

test('what a stage demands is said in the words of the plan file', () => {
  const tests = [{ component: 'shop-api', job: 'smoke' }];
  const gates = { incidents: 'none', after: { soak: '24h', tests }, health: { atLeast: '95%' } };
  assert.equal(
    rulesText(stage({ gates })),
    'demands incidents none, demands after (soak 24h, tests 1), demands health (atLeast 95%)',
  );
  assert.equal(rulesText(stage({})), '-');
});

test('what a plan asks itself is shown with what came of it, and without certificates', () => {
  const stated = [
    { probe, last },
    { probe: { name: 'inner', url: 'https://api.example/', ca: '-----BEGIN' }, last: null },
  ];
  const verification = { probes: ['own', 'front', 'inner'], seconds: 900, stated };
  const [, table = ''] = probeLines({ stages: [stage({ verification }), stage({})] });
  const [, front = '', inner = '', ...others] = table.split('\n');
  assert.match(front, /^front +edge +fail +status 502 instead of 200 +2026\S+ +https:\S+ +\{"expect":/);
  assert.match(inner, /^inner +edge +- +https:\S+ +\{"ca":"its own"\}$/);
  assert.deepEqual(others, []);
  assert.deepEqual(probeLines({ stages: [stage({})] }), []);
});
