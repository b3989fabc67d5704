import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judge, requestMetric } from './judge.ts';
import { givenUp, lastLook, lookedAt } from './looks.ts';
import { mean } from './mixture.ts';
import {
  mixtureOf,
  noRequests,
  type RequestState,
  type RequestTest,
  type RequestUnit,
  updateRequests,
} from './requests.ts';
import { plain } from './scaled.ts';

const controls: RequestTest = { kind: 'controls' };
const limit: RequestTest = { kind: 'limit', share: 0.01 };
const unit = (id: number, arm: RequestUnit['arm'], bad: number): RequestUnit => ({
  id: `h${id}`,
  arm,
  good: 1_000 - bad,
  bad,
});
const value = (how: RequestTest, { evidence }: RequestState): number =>
  mean(mixtureOf(how), evidence.products);

/** Looks in their order, the first at least; each at all units or, where it was missed, null. */
function through(how: RequestTest, looks: readonly (readonly RequestUnit[] | null)[]): RequestState {
  let from = 0;
  return looks.reduce<RequestState>((state, units, look) => {
    if (units === null) return state;
    const next = lookedAt(how, state, from, look, [units]);
    from = look + 1;
    return next;
  }, noRequests(how));
}

test('whoever of a block is exposed by chance, looks at the same hosts say nothing on average, also if some are missed', () => {
  const shares = fc.array(fc.nat({ max: 30 }), { minLength: 4, maxLength: 4 });
  const missed = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());
  fc.assert(
    fc.property(fc.array(shares, { minLength: 2, maxLength: 12 }), missed, (hosts, [a, b, c]) => {
      const ends = hosts.map((_, exposed) =>
        through(
          controls,
          [a, b, c, false].map((isMissed, look) =>
            isMissed
              ? null
              : hosts.map((bad, id) => unit(id, id === exposed ? 'exposed' : 'control', bad[look] ?? 0)),
          ),
        ),
      );
      const average = ends.reduce((sum, end) => sum + value(controls, end), 0) / hosts.length;
      assert.ok(Math.abs(average - 1) < 1e-9, `${average}`);
    }),
  );
});

test('what is known within a bake is never more than what it comes to, and each host counts once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 30 }), { minLength: 4, maxLength: 4 }), (bad) => {
      let state = noRequests(limit);
      let before = 0;
      for (const [look, one] of bad.entries()) {
        state = lookedAt(limit, state, look, look, [[unit(1, 'exposed', one)]]);
        const products = state.looked?.products ?? state.evidence.products;
        const known = mean(mixtureOf(limit), products);
        assert.ok(known >= before);
        assert.ok(state.evidence.peak >= known);
        before = known;
        assert.equal(state.exposed, look === lastLook ? 1 : 0);
        assert.deepEqual(JSON.parse(JSON.stringify(state)), state);
      }
      assert.equal(state.looked, undefined);
    }),
  );
});

test('one look at the end is what it was without looks', () => {
  const units = [unit(1, 'exposed', 30), unit(2, 'exposed', 4), unit(3, 'control', 5), unit(4, 'control', 0)];
  for (const how of [controls, limit])
    assert.deepEqual(
      lookedAt(how, noRequests(how), 0, lastLook, [units]),
      updateRequests(how, noRequests(how), units),
    );
});

test('a host that answers badly is found out early in its bake', () => {
  const named = { name: 'errors', weight: 1, minExposed: 1 };
  const ids = [1, 2, 3, 4, 5, 6, 7, 8];
  const bad = ids.map((id) => unit(id, 'exposed', 60));
  const after = through(limit, [bad]);
  assert.equal(judge([requestMetric(named, limit, after)], 0.01).verdict, 'fail');
  const good = through(limit, Array(4).fill(ids.map((id) => unit(id, 'exposed', 5))));
  assert.equal(judge([requestMetric(named, limit, good)], 0.01).verdict, 'pass');
});

test('units that are given up keep what was seen of them, and what was not seen says nothing', () => {
  const state = lookedAt(limit, noRequests(limit), 0, 1, [[unit(1, 'exposed', 100)]]);
  const up = givenUp(limit, state, 2);
  assert.equal(up.looked, undefined);
  const [seen = assert.fail(), kept = assert.fail()] = [state.looked?.products[0], up.evidence.products[0]];
  assert.equal(plain(kept), plain(seen) + 3 / 4);
  assert.equal(up.evidence.peak, state.evidence.peak);
});
