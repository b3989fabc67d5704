import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { encodeRekey, type HostId, toB64u } from '@xylem/core';
import { buildRekeyRequest, buildRenewRequest, generateKey, type KeyPair, makeCsr } from '@xylem/trust';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { rootFixture } from '../testing/root-fixture.ts';

const said = (body: Buffer) => JSON.parse(body.toString()) as { code?: string; certificate?: string };

async function site(t: Parameters<typeof rootFixture>[0]) {
  const root = await rootFixture(t);
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production', uses: 9 } });
  const ask = async (by: FakeHost, next: KeyPair, present: KeyPair, host: HostId = by.id) =>
    said((await by.post('/renew', buildRekeyRequest(next, present, host))).body);
  return { root, token, ask };
}

test('keys follow one another by their predecessors, and the id stays', async (t) => {
  const { root, token, ask } = await site(t);
  const host = await fakeHost(root, token, { name: 'a' });
  const [second, third] = [generateKey(), generateKey()];
  const first = await ask(host, second, host.key);
  const certificate = new X509Certificate(first.certificate ?? '');
  assert.equal(certificate.subject, `CN=${host.id}`);
  assert.ok(certificate.checkPrivateKey(second.privateKey));
  // The answer was lost: the same once more is answered, another key is not.
  assert.ok((await ask(host, second, host.key)).certificate);
  assert.equal((await ask(host, third, host.key)).code, 'E_CERTIFICATE');
  // From here on the former key renews nothing, reports nothing, and joins as nobody.
  const old = said((await host.post('/renew', buildRenewRequest(host.key, host.id))).body);
  assert.equal(old.code, 'E_CERTIFICATE');
  assert.equal(await host.report([]), 202);
  assert.equal((await root.api('hostShow', { params: { host: 'a' } })).lastReport, null);
  await assert.rejects(fakeHost(root, token, { name: 'a', key: host.key }), { code: 'E_CERTIFICATE' });
  assert.ok(said((await host.post('/renew', buildRenewRequest(second, host.id))).body).certificate);
  assert.ok((await ask(host, third, second)).certificate);
  // Joined again by its present key it is the same host.
  const again = await fakeHost(root, token, { name: 'a', key: third });
  assert.equal(again.id, host.id);
  const { entries } = await root.api('auditList', { query: { limit: '1000' } });
  assert.equal(entries.filter(({ entry }) => entry['what'] === 'host.rekey').length, 2);
});

test('nobody else gives a host another key, and no key is two hosts', async (t) => {
  const { root, token, ask } = await site(t);
  const host = await fakeHost(root, token, { name: 'a' });
  const thief = await fakeHost(root, token, { name: 'b' });
  const next = generateKey();
  // By its own key for another's id; with a signature for another request; for a key of another host; by a made-up host.
  assert.equal((await ask(thief, next, thief.key, host.id)).code, 'E_CERTIFICATE');
  const swapped = encodeRekey({
    format: 'xylem-rekey-1',
    host: host.id,
    csr: toB64u(makeCsr(next, thief.id)),
    previous: toB64u(thief.key.sign(Buffer.from('x'))),
  });
  assert.equal(said((await thief.post('/renew', swapped)).body).code, 'E_CERTIFICATE');
  assert.equal((await ask(thief, host.key, thief.key)).code, 'E_CONFLICT');
  assert.equal((await ask(thief, next, thief.key, 'f'.repeat(32) as HostId)).code, 'E_CERTIFICATE');
  await root.api('hostRevoke', { body: { select: { hosts: ['b'] }, reason: 'thief' } });
  assert.equal((await ask(thief, next, thief.key)).code, 'E_HOST_REVOKED');
  assert.ok((await ask(host, next, host.key)).certificate);
});
