import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EnvironmentId } from '@xylem/core';
import type { Secrets } from '@xylem/root/contract';
import { tempFolder } from '@xylem/testkit';
import { generateAgeIdentity, generateKey, hostIdOf, stateRecipient } from '@xylem/trust';
import { createHome } from '../home/home.ts';
import { heldDataKey, nextDataKey } from './holder.ts';
import { pendingHosts, wrapFor } from './wraps.ts';

const id = 'e'.repeat(32) as EnvironmentId;
const empty: Secrets = {
  environment: { id, name: 'acme/production' },
  revision: 0,
  generation: null,
  values: [],
  hosts: [],
  removed: [],
};

test('a root server that names a recipient of its own for a host, or for the environment, gets nothing', async (t) => {
  const key = generateKey();
  const host = hostIdOf(key.public);
  const { recipient } = generateAgeIdentity();
  const honest = stateRecipient({ host, environment: id }, recipient, key);
  const forged = stateRecipient({ host, environment: id }, generateAgeIdentity().recipient, generateKey());
  const moved = stateRecipient({ host, environment: 'f'.repeat(32) as EnvironmentId }, recipient, key);
  const named = (name: string, statement: typeof honest | null) => ({
    id: host,
    name,
    statement,
    wrapped: false,
  });
  const hosts = [
    named('honest', honest),
    named('forged', forged),
    named('swapped', { ...honest, recipient: generateAgeIdentity().recipient }),
    named('moved', moved),
    named('silent', null),
  ];
  const { ready, refused } = pendingHosts({ ...empty, hosts }, false);
  assert.deepEqual(
    ready.map(({ name }) => name),
    ['honest'],
  );
  assert.deepEqual(
    refused.map(({ name }) => name),
    ['forged', 'swapped', 'moved', 'silent'],
  );

  const home = createHome({ XYLEM_HOME: await tempFolder(t, 'home') });
  const made = await nextDataKey(home, empty);
  assert.equal(made.generation, 1);
  const generation = { number: 1, recipient: made.identity.recipient, holder: 'anna', created: '' };
  assert.deepEqual(await heldDataKey(home, { ...empty, generation }), made);
  const wraps = await wrapFor({ ...empty, hosts }, ready, made);
  assert.deepEqual(
    wraps.map((one) => one.recipient),
    [recipient],
  );
  const lie = { ...generation, recipient: generateAgeIdentity().recipient, holder: 'mallory' };
  await assert.rejects(heldDataKey(home, { ...empty, generation: lie }), { code: 'E_KEY_INVALID' });
  assert.equal((await nextDataKey(home, empty)).generation, 2, 'a number is never used for another key');
});
