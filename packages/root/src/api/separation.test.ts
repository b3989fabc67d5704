import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decisions } from '../testing/separation/decisions.ts';
import { walkSeparation } from '../testing/separation/walk.ts';
import { contract } from './contract.ts';

test('every route has a decision about who may ask it', () => {
  assert.deepEqual(Object.keys(decisions).sort(), Object.keys(contract).sort());
  for (const [operation, made] of Object.entries(decisions)) assert.ok(made.length > 0, operation);
});

test('nobody reads, changes or infers what is another tenant’s, by any route', async (t) => {
  const { tried, leaks, identities, operations } = await walkSeparation(t);
  t.diagnostic(`${tried} answers to ${identities} identities by ${operations} operations`);
  assert.ok(tried > identities * operations);
  assert.deepEqual(leaks, []);
});
