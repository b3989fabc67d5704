import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type DesiredState,
  type EnvironmentId,
  encodeLift,
  encodeOperators,
  type Lift,
  liftPayloadType,
  mostQuarantined,
  operatorsPayloadType,
  type Quarantine,
  sha256,
  type Time,
  toB64u,
  type Version,
} from '@xylem/core';
import { generateKey, type KeyPair, signDocument } from '@xylem/trust';
import { heldByQuarantine, quarantineAfter } from './quarantine.ts';

const [here, there] = ['a'.repeat(32) as EnvironmentId, 'b'.repeat(32) as EnvironmentId];
const [anna, bernd] = [generateKey(), generateKey()];
const since = '2026-11-21T00:00:00Z' as Time;

const word = (n: number): Quarantine => ({
  product: 'shop',
  release: sha256(`release ${n}`),
  version: '2.0.0' as Version,
  id: n.toString(16).padStart(32, '0'),
  since,
});
const operators = async (environment: EnvironmentId, key: KeyPair) => {
  const keys = [{ public: toB64u(key.public), name: 'x' }];
  const document = { format: 'xylem-operators-1' as const, environment, number: 1, threshold: 1, keys };
  return { ...(await signDocument(operatorsPayloadType, encodeOperators(document), [key])) };
};
const lift = async (
  environment: EnvironmentId,
  { product, release, version, id }: Quarantine,
  key: KeyPair,
) => {
  const document: Lift = {
    format: 'xylem-quarantine-lift-1',
    environment,
    product,
    release,
    version,
    quarantine: id,
    reason: 'x',
    issued: since,
  };
  return { ...(await signDocument(liftPayloadType, encodeLift(document), [key])) };
};
type Words = Parameters<typeof quarantineAfter>[1];
const said = (environment: EnvironmentId, words: Partial<DesiredState> = {}): Words => ({
  environment,
  ...words,
});

test('a host that moved holds what it was told before, and its former operators lift it', async () => {
  const before = quarantineAfter(
    undefined,
    said(here, { quarantined: [word(1)], operators: [await operators(here, anna)] }),
  );
  assert.equal(before.fault, null);
  const own = [await operators(there, bernd)];
  const moved = quarantineAfter(before.memory, said(there, { operators: own }));
  assert.equal(moved.memory?.quarantined.length, 1);
  assert.deepEqual(Object.keys(moved.memory?.operators ?? {}).sort(), [here, there]);
  const wrong = quarantineAfter(moved.memory, said(there, { lifts: [await lift(here, word(1), bernd)] }));
  assert.equal(wrong.fault?.code, 'E_LIFT_INVALID');
  assert.equal(wrong.memory?.quarantined.length, 1);
  const lifted = quarantineAfter(moved.memory, said(there, { lifts: [await lift(here, word(1), anna)] }));
  assert.equal(lifted.fault, null);
  assert.deepEqual(lifted.memory?.quarantined, []);
});

test('operators of another environment are not taken on first sight', async () => {
  const { memory, fault } = quarantineAfter(
    undefined,
    said(here, { operators: [await operators(there, anna)] }),
  );
  assert.equal(memory, undefined);
  assert.equal(fault?.code, 'E_OPERATORS_INVALID');
});

test('a lift that concerns nothing here is passed over, whoever signed it', async () => {
  const { fault } = quarantineAfter(undefined, said(here, { lifts: [await lift(here, word(1), anna)] }));
  assert.equal(fault, null);
});

test('a host that remembers as many as it can takes nothing', () => {
  const many = Array.from({ length: mostQuarantined }, (_, n) => word(n));
  const { memory } = quarantineAfter(undefined, said(here, { quarantined: many }));
  const other = {
    ...word(9_999),
    component: 'pages',
    package: sha256('p'),
    where: '',
    config: {},
    after: [],
  };
  assert.equal(heldByQuarantine(memory, other)?.code, 'E_QUARANTINED');
  const fewer = quarantineAfter(undefined, said(here, { quarantined: many.slice(1) })).memory;
  assert.equal(heldByQuarantine(fewer, other), null);
});
