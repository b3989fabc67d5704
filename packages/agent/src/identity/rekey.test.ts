import assert from 'node:assert/strict';
import { copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import type { EnvironmentId } from '@xylem/core';
import { silentLog, systemClock, systemRandomness } from '@xylem/platform';
import {
  checkRecipient,
  generateAgeIdentity,
  type Identity,
  isRekeyRequest,
  loadIdentity,
  parseRekeyRequest,
} from '@xylem/trust';
import { recipientStatement } from '../secrets/statement.ts';
import { reported, Site } from '../testing/site.ts';
import { openIdentity } from './current.ts';
import { rotateHostKey } from './rekey.ts';

const common = { clock: systemClock, randomness: systemRandomness, log: silentLog, waitMs: 20_000 };

/** A front that gives hosts other keys, as a root server does. `lose`: the next answers are lost. */
async function rekeying(site: Site) {
  const front = await site.front();
  const asked: string[] = [];
  const faults = { lose: 0 };
  front.intercept((request, response) => {
    if (request.url !== '/renew') return false;
    void (async () => {
      const body = await buffer(request);
      assert.ok(isRekeyRequest(body));
      const { csr, host } = parseRekeyRequest(body);
      asked.push(Buffer.from(csr).toString('hex'));
      const certificate = await site.installation.ca.issue(csr, {
        environment: site.environment.id,
        serves: null,
        host,
      });
      if (faults.lose > 0) {
        faults.lose -= 1;
        response.destroy();
        return;
      }
      response.writeHead(200).end(JSON.stringify({ certificate, ca: site.installation.ca.certificatePem }));
    })();
    return true;
  });
  return { front, asked, faults };
}

const read = async (folder: string): Promise<Identity> => {
  const identity = await loadIdentity(join(folder, 'identity'));
  assert.ok(identity !== null);
  return identity;
};

test('a running agent gets another key when it is wished, and reports by it under the same id', async (t) => {
  const site = await Site.create(t);
  const { front } = await rekeying(site);
  const host = await site.host([front.url]);
  const pages = await site.publish('pages', '1.0.0', { 'index.html': 'one' });
  await site.assign([{ release: await site.vendor.release('1.0.0', [pages]), package: pages }]);
  await site.agent(host);
  const before = await reported(front, host, 'a report', () => true);
  assert.equal(await rotateHostKey({ stateFolder: host.stateFolder, ...common }), 'done');
  const after = await read(host.stateFolder);
  assert.notEqual(after.key.keyId, host.identity.key.keyId);
  assert.equal(after.host, host.identity.host);
  const later = await reported(
    front,
    host,
    'a report by the next key',
    (report) => report.certificate === after.certificatePem,
  );
  assert.equal(later.incarnation, before.incarnation);
  assert.deepEqual(
    (await readdir(join(host.stateFolder, 'identity'))).filter((name) => /next|rotate/.test(name)),
    [],
  );
});

test('without an agent it is done at once; after a lost answer with the same next key', async (t) => {
  const site = await Site.create(t);
  const { front, asked, faults } = await rekeying(site);
  const { stateFolder, identity } = await site.host([front.url]);
  faults.lose = 1;
  await assert.rejects(rotateHostKey({ stateFolder, ...common }), { code: 'E_PARENT_UNREACHABLE' });
  assert.equal((await read(stateFolder)).key.keyId, identity.key.keyId);
  await rotateHostKey({ stateFolder, ...common });
  assert.equal(asked.length, 2);
  assert.equal(asked[0], asked[1]);
  assert.notEqual((await read(stateFolder)).key.keyId, identity.key.keyId);
});

test('killed between certificate and key, the host starts with the key of its certificate', async (t) => {
  const site = await Site.create(t);
  const { front } = await rekeying(site);
  const { stateFolder, identity } = await site.host([front.url]);
  const folder = join(stateFolder, 'identity');
  const kept = await readFile(join(folder, 'key.pem'));
  await rotateHostKey({ stateFolder, ...common });
  const done = await read(stateFolder);
  await copyFile(join(folder, 'key.pem'), join(folder, 'next-key.pem'));
  await writeFile(join(folder, 'key.pem'), kept);
  assert.equal((await read(stateFolder)).key.keyId, done.key.keyId);
  assert.equal((await openIdentity(folder)).get().key.keyId, done.key.keyId);
  assert.ok(!(await readdir(folder)).includes('next-key.pem'));
  assert.notDeepEqual(await readFile(join(folder, 'key.pem')), kept);
  assert.notEqual(done.key.keyId, identity.key.keyId);
});

test('after two rotations a host that moves still vouches for its recipient by the key that its id is of', async (t) => {
  const site = await Site.create(t);
  const { front } = await rekeying(site);
  const { stateFolder, identity } = await site.host([front.url]);
  const folder = join(stateFolder, 'identity');
  const place = { host: identity.host, environment: identity.environment.id };
  const { recipient } = generateAgeIdentity();
  checkRecipient(place, await recipientStatement(identity, recipient, folder, silentLog));
  await rotateHostKey({ stateFolder, ...common });
  await rotateHostKey({ stateFolder, ...common });
  const other = 'e5'.repeat(16) as EnvironmentId;
  const moved = { ...(await read(stateFolder)), environment: { id: other, name: 'acme/staging' } };
  assert.notEqual(moved.key.keyId, identity.key.keyId);
  const statement = await recipientStatement(moved, recipient, folder, silentLog);
  checkRecipient({ ...place, environment: other }, statement);
  assert.throws(() => checkRecipient(place, statement), { code: 'E_SECRET_INVALID' });
  // Another recipient, after what was sealed was wiped.
  const anew = generateAgeIdentity().recipient;
  checkRecipient({ ...place, environment: other }, await recipientStatement(moved, anew, folder, silentLog));
  assert.equal((await stat(join(folder, 'first-key.pem'))).mode & 0o777, 0o600);
});
