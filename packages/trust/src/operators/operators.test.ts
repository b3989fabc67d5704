import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type EnvironmentId,
  encodeLift,
  encodeOperators,
  type Lift,
  liftPayloadType,
  type Operators,
  operatorsPayloadType,
  sha256,
  toB64u,
  XylemError,
} from '@xylem/core';
import fc from 'fast-check';
import { generateKey, type KeyPair } from '../keys/key-pair.ts';
import { checkLift } from './lift.ts';
import { checkOperators, followOperators } from './operators.ts';
import { signDocument } from './signed.ts';

const environment = 'e'.repeat(32) as EnvironmentId;
const elsewhere = 'f'.repeat(32) as EnvironmentId;
const [anna, bernd, carla, thief] = [generateKey(), generateKey(), generateKey(), generateKey()];

const operators = (number: number, keys: readonly KeyPair[], threshold = 1): Operators => ({
  format: 'xylem-operators-1',
  environment,
  number,
  threshold,
  keys: keys.map((key, at) => ({ public: toB64u(key.public), name: `operator ${at}` })),
});
const signed = (document: Operators, signers: readonly KeyPair[]) =>
  signDocument(operatorsPayloadType, encodeOperators(document), signers);
const lift: Lift = {
  format: 'xylem-quarantine-lift-1',
  environment,
  product: 'shop',
  release: sha256('release'),
  version: '2.4.0' as Lift['version'],
  quarantine: 'a'.repeat(32),
  reason: 'A false alarm.',
  issued: '2026-11-21T00:00:00Z' as Lift['issued'],
};
const signedLift = (signers: readonly KeyPair[], document = lift) =>
  signDocument(liftPayloadType, encodeLift(document), signers);
const code = (wanted: string) => (error: unknown) => error instanceof XylemError && error.code === wanted;

test('the first operators sign for themselves, later ones for themselves and by those before', async () => {
  const first = operators(1, [anna, bernd, carla], 2);
  assert.deepEqual(checkOperators(await signed(first, [anna, carla]), environment, null), first);
  const refused = code('E_OPERATORS_INVALID');
  const one = await signed(first, [anna]);
  assert.throws(() => checkOperators(one, environment, null), refused);
  // The same key twice is one key.
  const twice = await signed(first, [anna, anna]);
  assert.throws(() => checkOperators(twice, environment, null), refused);
  const good = await signed(first, [anna, bernd]);
  assert.throws(() => checkOperators(good, elsewhere, null), refused);
  const second = operators(2, [carla]);
  assert.deepEqual(checkOperators(await signed(second, [anna, bernd, carla]), environment, first), second);
  for (const signers of [[carla], [anna, bernd], [anna, carla, thief].slice(0, 1)]) {
    const wrong = await signed(second, signers);
    assert.throws(() => checkOperators(wrong, environment, first), refused);
  }
  const gap = await signed(operators(3, [carla]), [anna, bernd, carla]);
  assert.throws(() => checkOperators(gap, environment, first), refused);
});

test('who has pinned none takes the last of a chain, and afterwards only what follows', async () => {
  const [one, two, three] = [operators(1, [anna]), operators(2, [bernd]), operators(3, [carla])];
  const chain = [
    await signed(one, [anna]),
    await signed(two, [anna, bernd]),
    await signed(three, [bernd, carla]),
  ];
  assert.deepEqual(followOperators(null, chain, environment, true), { operators: three, refused: [] });
  assert.deepEqual(followOperators(null, chain, environment, false), { operators: null, refused: [] });
  assert.deepEqual(followOperators(one, chain, environment, true), { operators: three, refused: [] });
  // A gap: what is pinned stays, and that is said.
  const gap = followOperators(one, chain.slice(2), environment, true);
  assert.deepEqual(gap.operators, one);
  assert.equal(gap.refused[0]?.code, 'E_OPERATORS_INVALID');
});

test('documents of a thief change nothing, and what comes beside them is taken', async () => {
  const [one, two] = [operators(1, [anna]), operators(2, [bernd])];
  const own = [
    await signed(operators(1, [thief]), [thief]),
    await signed(operators(2, [thief]), [thief]),
    await signed({ ...operators(2, [thief]), environment: elsewhere }, [anna, thief]),
    { nonsense: true },
    {},
  ];
  const alone = followOperators(one, own, environment, true);
  assert.deepEqual(alone.operators, one);
  assert.equal(alone.refused.length, own.length);
  const mixed = followOperators(one, [...own, await signed(two, [anna, bernd])], environment, true);
  assert.deepEqual(mixed.operators, two);
});

test('a lift counts by the threshold of the pinned operators alone', async () => {
  const two = operators(4, [anna, bernd], 2);
  assert.deepEqual(checkLift(await signedLift([bernd, anna]), two), lift);
  const refused = code('E_LIFT_INVALID');
  for (const signers of [[anna], [anna, anna], [anna, thief], [thief]]) {
    const wrong = await signedLift(signers);
    assert.throws(() => checkLift(wrong, two), refused);
  }
  const foreign = await signedLift([anna, bernd], { ...lift, environment: elsewhere });
  assert.throws(() => checkLift(foreign, two), refused);
  // Signed as something else: what a signature is for is part of what is signed.
  const other = { ...(await signDocument(operatorsPayloadType, encodeLift(lift), [anna, bernd])) };
  assert.throws(() => checkLift({ ...other, payloadType: liftPayloadType }, two), refused);
});

test('whatever is changed in a signed lift, it is refused or says the same', async () => {
  const one = operators(1, [anna]);
  const bytes = Buffer.from(JSON.stringify(await signedLift([anna])));
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ change;
      try {
        assert.deepEqual(checkLift(changed, one), lift);
      } catch (error) {
        assert.ok(error instanceof XylemError, String(error));
      }
    }),
  );
});
