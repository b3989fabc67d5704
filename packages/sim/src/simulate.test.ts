import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Agenda } from './agenda.ts';
import { type Scenario, usual } from './scenario.ts';
import { replay, simulate } from './simulate.ts';

const rolling = { kind: 'rolling', maxUnavailable: '10%' } as const;
const scenario = (more: Partial<Scenario> = {}): Scenario => ({
  ...usual,
  hosts: 60,
  seed: 1,
  strategy: rolling,
  ...more,
});
const lived: Partial<Scenario> = {
  failsEveryMs: 100 * 24 * 3_600_000,
  offline: 0.1,
  leaves: 0.05,
  untilMs: 6 * 3_600_000,
  lookMs: 300_000,
};

function recorded(one: Scenario) {
  const lines: string[] = [];
  return { result: simulate(one, (line) => void lines.push(line)), lines };
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
});

test('the same scenario gives the same record, byte for byte, and the record replays', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1_000 }), (seed) => {
      const one = scenario({ ...lived, seed, breaks: 0.05 });
      const { lines } = recorded(one);
      assert.deepEqual(recorded(one).lines, lines);
      assert.deepEqual(replay(lines), { looks: lines.length - 1, differsAt: null });
    }),
    { numRuns: 4 },
  );
});

test('a record in which something else was decided is found out', () => {
  const { lines } = recorded(scenario());
  const at = lines.findIndex((line) => line.includes('"kind":"admit"'));
  const changed = lines.with(at, (lines[at] ?? '').replace('"kind":"admit"', '"kind":"hold"'));
  assert.equal(replay(changed).differsAt, at);
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
