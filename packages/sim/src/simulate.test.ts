import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CanaryStrategy } from '@xylem/core';
import fc from 'fast-check';
import { Agenda } from './agenda.ts';
import { seeded } from './random.ts';
import { replay } from './record.ts';
import { type Scenario, usual } from './scenario.ts';
import { simulate } from './simulate.ts';
import { drawn } from './spans.ts';

const day = 24 * 3_600_000;
const rolling = { kind: 'rolling', maxUnavailable: '10%' } as const;
const canary: CanaryStrategy = {
  kind: 'canary',
  steps: ['5%', '25%'],
  bakeSeconds: 1_200,
  minimumExposure: 5,
  maxUnavailable: '100%',
  maxFailed: '30%',
  alpha: 0.01,
  onFail: 'rollback',
  onNoData: 'ask',
};
const scenario = (more: Partial<Scenario> = {}): Scenario => ({
  ...usual,
  hosts: 60,
  seed: 1,
  strategy: rolling,
  untilMs: day,
  ...more,
});
/** Churn and failures of all kinds. */
const lived: Partial<Scenario> = {
  failsEveryMs: 100 * day,
  offline: 0.1,
  leaves: 0.3,
  joins: 0.3,
  relabels: 0.3,
  sites: 3,
  untilMs: 6 * 3_600_000,
  lookMs: 300_000,
};

function recorded(one: Scenario) {
  const lines: string[] = [];
  return { result: simulate(one, { record: (line) => void lines.push(line) }), lines };
}

test('what is well reaches every host', () => {
  const result = simulate(scenario());
  assert.equal(result.state, 'succeeded');
  assert.equal(result.exposed, 60);
  assert.equal(result.harmed, 0);
});

test('what breaks hosts is stopped before it reaches all of them', () => {
  const result = simulate(scenario({ breaks: 0.9 }));
  assert.equal(result.state, 'failed');
  assert.ok(result.exposed < 30, `${result.exposed} were exposed`);
  assert.ok(result.harmed > 0);
  assert.equal(result.back, null);
});

test('a canary of what is well passes all its steps, and what breaks hosts goes back by itself', () => {
  const well = simulate(scenario({ strategy: canary, hosts: 300 }));
  assert.deepEqual([well.state, well.exposed, well.back], ['succeeded', 300, null]);
  const bad = simulate(scenario({ strategy: canary, hosts: 300, breaks: 0.5 }));
  assert.deepEqual([bad.state, bad.back?.left], ['failed', 0]);
  assert.ok(bad.exposed < 100, `${bad.exposed} were exposed`);
});

test('the same scenario gives the same record, byte for byte, and the record replays', async () => {
  for (const [seed, strategy] of [
    rolling,
    canary,
    { ...canary, per: 'site' },
    { kind: 'all-at-once' as const },
  ].entries()) {
    const one = scenario({ ...lived, seed, strategy, breaks: 0.05, crashesEveryMs: 3_600_000 });
    const { lines } = recorded(one);
    assert.deepEqual(recorded(one).lines, lines);
    assert.deepEqual(await replay(lines), { looks: lines.length - 1, differs: null });
  }
});

test('the first look in which something else was decided is found, and what is no record is refused', async () => {
  const { lines } = recorded(scenario());
  const at = lines.findIndex((line) => line.includes('"kind":"admit"'));
  const changed = lines.with(at, (lines[at] ?? '').replace('"kind":"admit"', '"kind":"hold"'));
  assert.equal((await replay(changed)).differs?.look, at);
  const reworded = lines.with(at, (lines[at] ?? '').replace(/"reason":"[^"]*"\}$/, '"reason":"Otherwise."}'));
  assert.equal((await replay(reworded)).differs, null);
  for (const other of [[], ['{"format":"xylem-simulation-1"}'], ['no record']])
    await assert.rejects(replay(other), { code: 'E_INPUT' });
});

test('half of what takes a time by chance takes about as long as was said, or as long on average', () => {
  const random = seeded(7);
  const many = (span: Parameters<typeof drawn>[1]): number[] =>
    Array.from({ length: 4_000 }, () => drawn(random, span)).sort((a, b) => a - b);
  const near = (found: number, wanted: number): void =>
    assert.ok(Math.abs(found / wanted - 1) < 0.1, `${found}, wanted ${wanted}`);
  near(many({ kind: 'fixed', ms: 5 }).at(-1) ?? 0, 5);
  near(many({ kind: 'exponential', ms: 100 }).reduce((sum, one) => sum + one, 0) / 4_000, 100);
  const long = many({ kind: 'lognormal', ms: 100, spread: 1 });
  near(long[2_000] ?? 0, 100);
  near(long[3_800] ?? 0, 100 * Math.exp(1.645));
});

test('what is to happen comes by time, and of one moment in the order in which it was put down', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 })), (times) => {
      const agenda = new Agenda<number>();
      for (const [order, at] of times.entries()) agenda.add(at, order);
      const wanted = [...times.entries()].sort(([a, x], [b, y]) => x - y || a - b).map(([order]) => order);
      const found: number[] = [];
      for (let next = agenda.next(10); next !== null; next = agenda.next(10)) found.push(next.event);
      for (let next = agenda.next(20); next !== null; next = agenda.next(20)) found.push(next.event);
      assert.deepEqual(found, wanted);
    }),
  );
});
