import assert from 'node:assert/strict';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { EnvironmentId } from '@xylem/core';
import { systemClock, systemRandomness } from '@xylem/platform';
import { CertificateAuthority } from '../ca/authority.ts';
import { makeCsr } from '../ca/csr.ts';
import { buildTrustMap } from '../enrolment/trust-map.ts';
import { saveKeyFile } from '../keys/key-file.ts';
import { generateKey, hostIdOf } from '../keys/key-pair.ts';
import { temporaryFolder } from '../testing/readers.ts';
import { directionRepository } from '../testing/test-repository.ts';
import { type Identity, loadIdentity, loadUnjoinedKey, saveIdentity, saveRenewed } from './identity.ts';

async function identity(): Promise<Identity> {
  const direction = await directionRepository('identity');
  const ca = await CertificateAuthority.create(systemClock, systemRandomness);
  const key = generateKey();
  const environment = { id: direction.id as EnvironmentId, name: 'acme/production' };
  return {
    host: hostIdOf(key.public),
    environment,
    name: 'web-1',
    serve: true,
    parents: ['https://root:7443'],
    key,
    certificatePem: await ca.issue(makeCsr(key, 'x'), {
      environment: environment.id,
      serves: [environment.id],
    }),
    caPem: ca.certificatePem,
    trustMap: buildTrustMap({ direction: direction.pinned, releases: [], products: {} }),
  };
}

test('an identity is loaded as it was saved; its key is for its owner alone', async (t) => {
  const folder = join(await temporaryFolder(t), 'identity');
  assert.equal(await loadIdentity(folder), null);
  assert.equal(await loadUnjoinedKey(folder), null);
  const saved = await identity();
  await saveIdentity(folder, saved);
  const loaded = await loadIdentity(folder);
  assert.ok(loaded);
  assert.deepEqual({ ...loaded, key: loaded.key.keyId }, { ...saved, key: saved.key.keyId });
  assert.equal((await stat(join(folder, 'key.pem'))).mode & 0o777, 0o600);
  const ca = await CertificateAuthority.create(systemClock, systemRandomness);
  const certificatePem = await ca.issue(makeCsr(saved.key, 'x'), {
    environment: saved.environment.id,
    serves: null,
  });
  await saveRenewed(folder, { ...saved, certificatePem, serve: !saved.serve });
  const renewed = await loadIdentity(folder);
  assert.deepEqual([renewed?.certificatePem, renewed?.serve], [certificatePem, !saved.serve]);
  // Of a flipped bit in it nothing but another key remains.
  await saveKeyFile(join(folder, 'key.pem'), generateKey());
  await assert.rejects(loadIdentity(folder), { code: 'E_STATE_DAMAGED', message: /key\.pem/ });
});

test('killed before host.json was written it has not joined, and joins again with the same key', async (t) => {
  const folder = await temporaryFolder(t);
  const saved = await identity();
  await saveIdentity(folder, saved);
  await rm(join(folder, 'host.json'));
  assert.equal(await loadIdentity(folder), null);
  assert.equal((await loadUnjoinedKey(folder))?.keyId, saved.key.keyId);
});

test('a damaged or missing file is a coded error that names it', async (t) => {
  const folder = await temporaryFolder(t);
  await saveIdentity(folder, await identity());
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const honest = await readFile(path);
    await writeFile(path, '{"format":"xylem-identity-1"}');
    await assert.rejects(loadIdentity(folder), { name: 'XylemError', message: new RegExp(name) }, name);
    if (name !== 'host.json') {
      await rm(path);
      await assert.rejects(loadIdentity(folder), { name: 'XylemError' }, name);
    }
    await writeFile(path, honest);
  }
  await writeFile(join(folder, 'host.json'), '{"format":"xylem-identity-2"}');
  await assert.rejects(loadIdentity(folder), { code: 'E_STATE_VERSION' });
});

test("any flipped bit in the CA's certificate is a coded error that names it", async (t) => {
  const folder = await temporaryFolder(t);
  await saveIdentity(folder, await identity());
  const path = join(folder, 'ca.pem');
  const honest = await readFile(path);
  // The last character before the end of the text may hold bits that count for nothing.
  for (let at = 0; at < honest.toString().lastIndexOf('\n-----END') - 4; at += 3) {
    const flipped = Buffer.from(honest);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    await writeFile(path, flipped);
    await assert.rejects(
      loadIdentity(folder),
      { code: 'E_STATE_DAMAGED', message: /ca\.pem/ },
      `character ${at}`,
    );
  }
});
