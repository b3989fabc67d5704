import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goalOf } from '../converge/goal.ts';
import type { WantedState } from '../direction/wanted.ts';
import { emptySlot, type ObservedSlot } from '../slot/observed.ts';
import { testPackage } from '../testing/packages.ts';
import type { Schemas } from './fit.ts';
import { nextAct, type RunRecord } from './record.ts';

const version = (name: string, from: number, to: number) => {
  const made = testPackage({ component: 'api', version: name });
  return { ...made, document: { ...made.document, migrations: { database: 'shop', accepts: { from, to } } } };
};
const old = version('1.0.0', 0, 3);
const fresh = version('2.0.0', 5, 6);
const slotWith = (installed: typeof old | null): ObservedSlot => ({
  ...emptySlot('api'),
  record: installed === null ? null : { installed, since: '', previous: [], refused: null },
});
const wanted = (target: typeof old, schemas?: Schemas): WantedState => ({
  snapshot: 1,
  number: 1,
  components: [target],
  held: [],
  purge: [],
  keepPrevious: 1,
  ...(schemas === undefined ? {} : { schemas }),
});
const led = (installed: typeof old | null, target: typeof old, schemas?: Schemas) => {
  const { goal, reason } = goalOf(slotWith(installed), wanted(target, schemas), null);
  return [goal.kind === 'run' ? goal.target.version : goal.kind, reason?.code ?? null];
};

test('a host switches when direction says that the shape is there, and not before', () => {
  assert.deepEqual(led(old, fresh, { shop: { oldest: 0, newest: 4 } }), ['1.0.0', 'E_MIGRATION_PENDING']);
  assert.deepEqual(led(null, fresh, { shop: { oldest: 0, newest: 4 } }), ['leave', 'E_MIGRATION_PENDING']);
  assert.deepEqual(led(old, fresh), ['1.0.0', 'E_MIGRATION_PENDING'], 'nothing was said of the database');
  assert.deepEqual(led(old, fresh, { shop: { oldest: 0, newest: 5 } }), ['2.0.0', null]);
  assert.deepEqual(
    led(null, version('0.9.0', 0, 0)),
    ['0.9.0', null],
    'what works with nothing begins at once',
  );
});

test('a return across a contract is refused, and what was left out of the count is ended when it comes back', () => {
  const contracted = { shop: { oldest: 6, newest: 6 } };
  assert.deepEqual(led(fresh, old, contracted), ['2.0.0', 'E_MIGRATION_CONTRACTED']);
  assert.deepEqual(led(old, old, contracted), ['ended', 'E_MIGRATION_CONTRACTED']);
  assert.deepEqual(led(old, fresh, contracted), ['2.0.0', null], 'what works takes its place at once');
  // Cut off in the middle of a contract: who accepts both sides goes on, who does not is ended.
  const between = { shop: { oldest: 6, newest: 5 } };
  assert.deepEqual(led(fresh, fresh, between), ['2.0.0', null]);
  assert.deepEqual(led(version('3.0.0', 6, 6), version('3.0.0', 6, 6), between), [
    'ended',
    'E_MIGRATION_PENDING',
  ]);
});

test('a root server that lost its memory of a database ends nothing', () => {
  assert.deepEqual(led(fresh, fresh, {}), ['2.0.0', 'E_MIGRATION_PENDING']);
});

test('what came to an end under a term is not done again, and a later term is begun', () => {
  const record = (term: number, state: RunRecord['state']) => ({ order: { term }, state }) as RunRecord;
  const order = (term: number) => ({ term }) as RunRecord['order'];
  assert.equal(nextAct(null, order(3)), 'begin');
  assert.equal(nextAct(record(2, 'running'), order(3)), 'begin');
  for (const state of ['waiting', 'backing-up', 'running'] as const)
    assert.equal(nextAct(record(3, state), order(3)), 'resume');
  for (const state of ['done', 'failed', 'fenced'] as const)
    assert.equal(nextAct(record(3, state), order(3)), 'nothing');
  assert.equal(nextAct(record(4, 'running'), order(3)), 'nothing', 'an older word');
});
