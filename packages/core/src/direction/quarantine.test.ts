import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../hashing.ts';
import type { EnvironmentId } from '../ids.ts';
import type { Time } from '../time.ts';
import type { Version } from '../versions.ts';
import { type Lift, mostQuarantined, type Quarantine } from '../wire/quarantine.ts';
import { holdsBack, isLiftedBy, type Quarantined, quarantinedAfter, takesNothing } from './quarantine.ts';

const environment = 'e'.repeat(32) as EnvironmentId;
const elsewhere = 'f'.repeat(32) as EnvironmentId;
const since = '2026-11-21T00:00:00Z' as Time;

const one = (n: number, id = n): Quarantine => ({
  product: 'shop',
  release: sha256(`release ${n}`),
  version: `1.${n}.0` as Version,
  id: id.toString(16).padStart(32, '0'),
  since,
});

const liftOf = ({ product, release, version, id }: Quarantine, where = environment): Lift => ({
  format: 'xylem-quarantine-lift-1',
  environment: where,
  product,
  release,
  version,
  quarantine: id,
  reason: 'It was nothing.',
  issued: since,
});

const after = (before: readonly Quarantined[], said: readonly Quarantine[], lifts: readonly Lift[] = []) =>
  quarantinedAfter(before, environment, said, lifts);

test('a quarantine that is not said any more is remembered until it is lifted', () => {
  const held = after([], [one(1)]);
  assert.equal(holdsBack(held, one(1).release)?.id, one(1).id);
  assert.deepEqual(after(held, []), held);
  assert.deepEqual(after(held, [], [liftOf(one(1))]), []);
});

test('only the lift of that very quarantine takes it away', () => {
  const held = after([], [one(1)]);
  const lift = liftOf(one(1));
  const others: Lift[] = [
    { ...lift, quarantine: one(2).id },
    { ...lift, release: one(2).release },
    { ...lift, product: 'other' },
    { ...lift, version: '9.0.0' as Version },
    { ...lift, environment: elsewhere },
  ];
  for (const other of others) assert.deepEqual(after(held, [], [other]), held);
  // The former lift says nothing of a later quarantine of the same release.
  const again = after(after(held, [], [lift]), [one(1, 77)], [lift]);
  assert.deepEqual(
    again.map(({ id }) => id),
    [one(1, 77).id],
  );
});

test('another quarantine under a known id replaces nothing', () => {
  const held = after(after([], [one(1)]), [one(2, 1)]);
  assert.ok(holdsBack(held, one(1).release));
  assert.ok(holdsBack(held, one(2).release));
});

test('at the bound what is remembered stays and nothing new is taken', () => {
  const before = after([], [one(0)]);
  const many = Array.from({ length: mostQuarantined }, (_, n) => one(n + 1));
  const held = after(before, many);
  assert.equal(held.length, mostQuarantined);
  assert.ok(holdsBack(held, one(0).release), 'the oldest was not pushed out');
  assert.ok(takesNothing(held));
  assert.ok(!takesNothing(after(held, [], [liftOf(one(0))])));
});

test('whatever direction says, nothing is forgotten without its lift, and the order of words does not matter', () => {
  const words = fc.array(fc.record({ n: fc.nat(5), id: fc.nat(3) }), { maxLength: 8 });
  fc.assert(
    fc.property(words, words, words, (first, second, lifted) => {
      const quarantines = (list: readonly { n: number; id: number }[]) => list.map(({ n, id }) => one(n, id));
      const lifts = quarantines(lifted).map((entry) => liftOf(entry));
      const held = after([], quarantines(first));
      const next = after(held, quarantines(second), lifts);
      for (const entry of held) {
        const isLifted = lifts.some((lift) => isLiftedBy(entry, lift));
        assert.equal(
          next.some((other) => other.id === entry.id && other.release === entry.release),
          !isLifted,
        );
      }
      assert.deepEqual(after(held, quarantines(second.toReversed()), lifts), next);
      assert.deepEqual(after(next, []), next);
    }),
  );
});
