import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HostId } from '../ids.ts';
import type { Version } from '../versions.ts';
import type { Shapes } from '../wire/migration.ts';
import {
  fitOf,
  type HostNeeds,
  mayBegin,
  noShapes,
  type ShapeChange,
  shapesAfter,
  shapesDuring,
  stoppedBy,
} from './index.ts';

const need = (from: number, to: number, how: 'runs' | 'directed' = 'runs') => ({
  component: 'shop-api',
  version: '1.0.0' as Version,
  accepts: { from, to },
  how,
});
const host = (needs: HostNeeds['needs'], excluded = false): HostNeeds => ({
  id: '0'.repeat(32) as HostId,
  name: 'web-1',
  excluded,
  needs,
});
const step = (to: number, phase: 'expand' | 'backfill' | 'contract'): ShapeChange => ({
  action: 'run',
  to,
  phase,
});

test('an old package goes on until the contract, a new one begins when its shape is whole', () => {
  const old = { from: 3, to: 3 };
  const fresh = { from: 5, to: 6 };
  let shapes: Shapes = { oldest: 3, newest: 3 };
  const fits = () => [fitOf(old, shapes), fitOf(fresh, shapes)];
  assert.deepEqual(fits(), ['fits', 'pending']);
  shapes = shapesAfter(shapes, step(4, 'expand'));
  assert.deepEqual(fits(), ['fits', 'pending']);
  shapes = shapesAfter(shapes, step(5, 'backfill'));
  assert.deepEqual(fits(), ['fits', 'fits']);
  const contract = step(6, 'contract');
  assert.deepEqual(shapesDuring(shapes, contract), { oldest: 6, newest: 5 });
  assert.equal(fitOf(fresh, shapesDuring(shapes, contract)), 'fits');
  shapes = shapesAfter(shapes, contract);
  assert.deepEqual(fits(), ['contracted', 'fits']);
});

test('a contract waits for every host that needs the old shape, unless it was left out by an order', () => {
  const now = { oldest: 3, newest: 5 };
  const contract = step(6, 'contract');
  const behind = host([need(3, 3)]);
  const verdict = mayBegin(now, contract, [host([need(5, 6)]), behind]);
  assert.ok(verdict.kind === 'needed');
  assert.deepEqual(
    verdict.blockers.map(({ need: { accepts } }) => accepts),
    [{ from: 3, to: 3 }],
  );
  assert.equal(mayBegin(now, contract, [{ ...behind, excluded: true }]).kind, 'yes');
  assert.equal(mayBegin(now, contract, [host([need(5, 6), need(3, 5, 'directed')])]).kind, 'needed');
  assert.equal(
    mayBegin(now, contract, [host([need(7, 8, 'directed')])]).kind,
    'yes',
    'it waits before and after',
  );
});

test('steps follow each other, and a contract that was begun comes to its end first', () => {
  assert.equal(mayBegin(noShapes, step(2, 'expand'), []).kind, 'out-of-order');
  assert.equal(mayBegin(noShapes, step(1, 'expand'), []).kind, 'yes');
  const begun = shapesDuring({ oldest: 3, newest: 5 }, step(6, 'contract'));
  assert.equal(mayBegin(begun, step(6, 'contract'), []).kind, 'yes');
  assert.equal(mayBegin(begun, step(6, 'expand'), []).kind, 'out-of-order');
  assert.equal(mayBegin(begun, { action: 'undo', phase: 'backfill', to: 4 }, []).kind, 'out-of-order');
});

test('a step is undone only while nobody needs its shape, and a contract never', () => {
  const now = { oldest: 3, newest: 5 };
  const undo: ShapeChange = { action: 'undo', phase: 'backfill', to: 4 };
  assert.equal(mayBegin(now, undo, [host([need(3, 3)])]).kind, 'yes');
  assert.equal(mayBegin(now, undo, [host([need(5, 6)])]).kind, 'needed');
  assert.equal(mayBegin(now, { ...undo, to: 3 }, []).kind, 'out-of-order');
  assert.equal(
    mayBegin({ oldest: 6, newest: 6 }, { action: 'undo', phase: 'contract', to: 5 }, []).kind,
    'out-of-order',
  );
  const half = { oldest: 3, newest: 3 };
  const expand: ShapeChange = { action: 'undo', phase: 'expand', to: 3 };
  assert.equal(mayBegin(half, expand, []).kind, 'out-of-order');
  assert.equal(mayBegin(half, { ...expand, unfinished: true }, []).kind, 'yes');
});

test('a restore says whom it stops', () => {
  const change: ShapeChange = { action: 'restore', to: 5, restored: { oldest: 3, newest: 5 } };
  const now = { oldest: 6, newest: 6 };
  assert.equal(mayBegin(now, change, [host([need(6, 6)])]).kind, 'yes');
  assert.equal(stoppedBy(now, change, [host([need(6, 6)]), host([need(5, 6)])]).length, 1);
  assert.deepEqual(shapesAfter(now, change), { oldest: 3, newest: 5 });
});

const accepts = fc.tuple(fc.nat(8), fc.nat(4)).map(([from, more]) => ({ from, to: from + more }));
const hosts = fc.array(
  fc.record({
    id: fc.constant('0'.repeat(32) as HostId),
    name: fc.constant('web'),
    excluded: fc.boolean(),
    needs: fc.array(
      fc.record({
        component: fc.constant('shop-api'),
        version: fc.constant('1.0.0' as Version),
        accepts,
        how: fc.constantFrom('runs' as const, 'directed' as const),
      }),
      { maxLength: 4 },
    ),
  }),
  { maxLength: 6 },
);
const change = fc.record({
  action: fc.constantFrom('run' as const, 'undo' as const),
  phase: fc.constantFrom('expand' as const, 'backfill' as const, 'contract' as const),
  to: fc.nat(10),
  unfinished: fc.boolean(),
});

test('what runs and works goes on working, whatever is allowed, wherever it is cut off', () => {
  let allowed = 0;
  fc.assert(
    fc.property(fc.tuple(fc.nat(6), fc.nat(4)), hosts, change, ([oldest, more], all, one) => {
      const now = { oldest, newest: oldest + more };
      if (mayBegin(now, one, all).kind !== 'yes') return;
      allowed += 1;
      for (const { excluded, needs } of all) {
        if (excluded) continue;
        for (const own of needs.filter(({ how, accepts: a }) => how === 'runs' && fitOf(a, now) === 'fits')) {
          assert.equal(fitOf(own.accepts, shapesDuring(now, one)), 'fits');
          assert.equal(fitOf(own.accepts, shapesAfter(now, one)), 'fits');
        }
      }
    }),
    { numRuns: 5_000 },
  );
  assert.ok(allowed > 50, `${allowed} were allowed`);
});

test('only a contract takes the oldest shape, and only an undo the newest', () => {
  fc.assert(
    fc.property(fc.tuple(fc.nat(6), fc.nat(4)), change, ([oldest, more], one) => {
      const now = { oldest, newest: oldest + more };
      if (mayBegin(now, one, []).kind !== 'yes') return;
      const after = shapesAfter(now, one);
      if (after.oldest > now.oldest) assert.equal(one.phase, 'contract');
      if (after.newest < now.newest) assert.equal(one.action, 'undo');
      assert.ok(after.oldest <= after.newest);
    }),
  );
});
