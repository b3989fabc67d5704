import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jcs } from '../jcs.ts';
import { judge, requestMetric } from './judge.ts';
import { orderedRatio, rankMixture } from './ranks.ts';
import { noRequests, type RequestTest, type RequestUnit, updateRequests } from './requests.ts';

const controls: RequestTest = { kind: 'controls' };
const limit: RequestTest = { kind: 'limit', share: 0.01 };
const named = { name: 'errors', weight: 1, minExposed: 3 };

const units = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 0, max: 999 }).map((n) => `h${n}`),
    arm: fc.constantFrom('exposed', 'control'),
    good: fc.nat({ max: 1_000 }),
    bad: fc.nat({ max: 5 }),
  }),
  { selector: ({ id }) => id, maxLength: 30 },
) satisfies fc.Arbitrary<RequestUnit[]>;

const block = (exposed: readonly number[], control: readonly number[]): RequestUnit[] => [
  ...exposed.map((bad, n) => ({ id: `e${n}`, arm: 'exposed' as const, good: 1_000 - bad, bad })),
  ...control.map((bad, n) => ({ id: `c${n}`, arm: 'control' as const, good: 1_000 - bad, bad })),
];
const verdictOf = (how: RequestTest, ...blocks: RequestUnit[][]) => {
  const state = blocks.reduce((before, one) => updateRequests(how, before, one), noRequests(how));
  return judge([requestMetric(named, how, state)], 0.01).verdict;
};

test('the order within a block does not matter', () => {
  for (const how of [controls, limit, { ...controls, ratio: 1.5, margin: 0.001 }]) {
    fc.assert(
      fc.property(units, (all) => {
        const state = updateRequests(how, noRequests(how), all);
        assert.equal(jcs(updateRequests(how, noRequests(how), all.toReversed())), jcs(state));
      }),
    );
  }
});

test('whichever unit of a block is the exposed one by chance, on average it says nothing', () => {
  const values = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 2, maxLength: 20 });
  fc.assert(
    fc.property(values, (all) => {
      const sorted = all.toSorted((a, b) => a - b);
      for (const exponent of rankMixture.alternatives) {
        const sum = sorted.reduce(
          (total, value) =>
            total +
            orderedRatio(sorted.indexOf(value) + 1, sorted.lastIndexOf(value) + 1, all.length, exponent),
          0,
        );
        assert.ok(Math.abs(sum / all.length - 1) < 1e-9);
      }
    }),
  );
});

const usual = Array.from({ length: 60 }, (_, n) => n % 12);

test('hosts that answer worse than all controls are found out by three; those like the controls pass', () => {
  assert.equal(verdictOf(controls, block([50, 40, 60], usual)), 'fail');
  assert.equal(verdictOf(controls, block([3, 7, 5], usual)), 'pass');
  assert.equal(
    verdictOf(
      controls,
      block(
        [0, 0, 0],
        usual.map(() => 0),
      ),
    ),
    'pass',
  );
});

test('what was said to be tolerable is tolerated', () => {
  const worse = block([18, 19, 17], usual);
  assert.equal(verdictOf(controls, worse), 'fail');
  assert.equal(verdictOf({ ...controls, ratio: 2, margin: 0.005 }, worse), 'pass');
});

test('requests that nobody sent, or nobody to compare with, never pass', () => {
  const idle = block([0, 0, 0], usual).map((unit) => ({ ...unit, good: 0, bad: 0 }));
  assert.equal(verdictOf(controls, idle), 'no data');
  assert.equal(verdictOf(controls, block([0], usual)), 'inconclusive');
  assert.equal(verdictOf(controls, block([900, 900, 900, 900], [])), 'inconclusive');
  assert.equal(verdictOf(controls, block([900, 900, 900], [0])), 'inconclusive');
});

test('against a share that was named no controls are needed', () => {
  const intervals = (bad: number, count: number): RequestUnit[] => block(Array(count).fill(bad), []);
  assert.equal(verdictOf(limit, intervals(50, 6)), 'fail');
  assert.equal(verdictOf(limit, intervals(9, 50)), 'pass');
});

test('the budget is shared by weight, and one that fails is enough', () => {
  const state = updateRequests(controls, noRequests(controls), block([50, 40, 60], usual));
  const bad = { ...requestMetric(named, controls, state), ceiling: 1e9 };
  const { peak } = bad;
  const good = { ...bad, name: 'other', peak: 1 };
  assert.equal(judge([bad, good], 2 / peak).verdict, 'fail');
  assert.equal(judge([bad, good], 1.99 / peak).verdict, 'pass');
  assert.equal(judge([bad, { ...good, weight: 3 }], 2 / peak).verdict, 'pass');
  assert.deepEqual(
    judge([bad, { ...good, weight: 3 }], 0.01).metrics.map(({ threshold }) => threshold),
    [400, 400 / 3],
  );
  assert.equal(judge([bad, { ...good, exposed: 0 }], 0.001).verdict, 'no data');
  assert.equal(judge([], 0.01).verdict, 'no data');
});
