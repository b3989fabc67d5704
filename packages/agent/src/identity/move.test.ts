import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { jcsBytes } from '@xylem/core';
import { movedTrustMap } from '@xylem/trust';
import { Site } from '../testing/site.ts';
import { openIdentity } from './current.ts';

test('a move changes the direction root alone, and only to the one that the id pins', async (t) => {
  const site = await Site.create(t);
  const staging = await site.installation.addEnvironment('acme/staging');
  const { identity } = await site.host(['https://127.0.0.1:1']);
  const moved = movedTrustMap(identity.trustMap, staging.id, staging.firstRoot);
  assert.deepEqual(
    Object.keys(moved.repositories).sort(),
    [site.vendor.id as string, staging.id as string].sort(),
  );
  assert.deepEqual(moved.products, identity.trustMap.products);
  const other = await site.installation.addEnvironment('other/production');
  assert.throws(() => movedTrustMap(identity.trustMap, staging.id, other.firstRoot), { code: 'E_TRUST' });
});

test('killed in the middle of a move, the host starts as a member of the new environment', async (t) => {
  const site = await Site.create(t);
  const staging = await site.installation.addEnvironment('acme/staging');
  const { stateFolder, identity } = await site.host(['https://127.0.0.1:1']);
  const folder = join(stateFolder, 'identity');
  const move = {
    format: 'xylem-move-1',
    environment: { id: staging.id, name: 'acme/staging' },
    certificate: identity.certificatePem,
    trustMap: movedTrustMap(identity.trustMap, staging.id, staging.firstRoot),
  };
  await writeFile(join(folder, 'move.json'), jcsBytes(move as never));
  const { host, environment, trustMap, name } = (await openIdentity(folder)).get();
  assert.deepEqual([host, name, environment.id], [identity.host, identity.name, staging.id]);
  assert.equal(trustMap.environment, staging.id);
  assert.ok(!(await readdir(folder)).includes('move.json'));
});
