import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { type EnvironmentId, XylemError } from '@xylem/core';
import { systemClock, systemRandomness } from '@xylem/platform';
import { generateKey, hostIdOf } from '../keys/key-pair.ts';
import { TestClock, temporaryFolder } from '../testing/readers.ts';
import { CertificateAuthority, checkCsr } from './authority.ts';
import { makeCsr } from './csr.ts';
import { type Peer, peerOf, peerOfCertificate } from './peer.ts';
import { clientTls, pinnedCa, serverTls, type TlsIdentity, unpinnedTls } from './tls.ts';

const environment = 'e'.repeat(32) as EnvironmentId;
const dayMs = 24 * 3600 * 1000;
const run = promisify(execFile);

async function authority(nowMs = Date.now()): Promise<CertificateAuthority> {
  return CertificateAuthority.create(new TestClock(nowMs), systemRandomness);
}

async function host(
  ca: CertificateAuthority,
  serves: readonly EnvironmentId[] | '*' | null = null,
): Promise<TlsIdentity> {
  const key = generateKey();
  const certificatePem = await ca.issue(makeCsr(key, hostIdOf(key.public)), { environment, serves });
  return { key, certificatePem, caPem: ca.certificatePem };
}

async function rootServer(ca: CertificateAuthority): Promise<TlsIdentity> {
  const key = generateKey();
  return { key, certificatePem: await ca.issueRoot(key.public), caPem: ca.certificatePem };
}

/** A server that answers with what it takes its peer for. */
async function serve(
  t: TestContext,
  identity: TlsIdentity,
  graceMs = 0,
): Promise<{ port: number; sessions: { reused: boolean }[] }> {
  const sessions: { reused: boolean }[] = [];
  const server = createServer(serverTls(identity), (incoming, response) => {
    const socket = incoming.socket as TLSSocket;
    sessions.push({ reused: socket.isSessionReused() });
    response.end(JSON.stringify(peerOf(socket, { caPem: identity.caPem, clock: systemClock, graceMs })));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sessions };
}

async function ask(port: number, agent: Agent): Promise<Peer | null> {
  const outgoing = request({ host: '127.0.0.1', port, agent, path: '/' });
  outgoing.end();
  const [response] = await once(outgoing, 'response');
  let text = '';
  for await (const part of response) text += String(part);
  return JSON.parse(text) as Peer | null;
}

test('a host and a root server know each other by certificate, whatever the DNS name', async (t) => {
  const ca = await authority();
  const { port } = await serve(t, await rootServer(ca));
  const plain = await host(ca);
  const peer = await ask(port, new Agent(clientTls(plain)));
  assert.equal(peer?.host, hostIdOf(plain.key.public));
  assert.deepEqual([peer?.environment, peer?.serves, peer?.root], [environment, null, false]);
  const relay = await ask(port, new Agent(clientTls(await host(ca, [environment]))));
  assert.deepEqual(relay?.serves, [environment]);
  assert.equal((await ask(port, new Agent(clientTls(await host(ca, '*')))))?.serves, '*');
});

test('a client without a certificate reaches the server as nobody; one of a foreign CA too', async (t) => {
  const ca = await authority();
  const { port } = await serve(t, await rootServer(ca));
  assert.equal(await ask(port, new Agent(clientTls({ caPem: ca.certificatePem }))), null);
  const foreign = await host(await authority());
  assert.equal(await ask(port, new Agent(clientTls({ ...foreign, caPem: ca.certificatePem }))), null);
});

test('a server with a plain host certificate, or of a foreign CA, is refused by the client', async (t) => {
  const ca = await authority();
  const client = new Agent(clientTls(await host(ca)));
  const plain = await serve(t, await host(ca));
  await assert.rejects(ask(plain.port, client), { code: 'E_CERTIFICATE' });
  const foreign = await serve(t, await rootServer(await authority()));
  await assert.rejects(ask(foreign.port, client), /self.signed|unable to/i);
  const relay = await serve(t, await host(ca, [environment]));
  assert.ok(await ask(relay.port, client));
});

test('TLS 1.2 is refused', async (t) => {
  const ca = await authority();
  const { port } = await serve(t, await rootServer(ca));
  const { minVersion: _, ...options } = clientTls(await host(ca));
  await assert.rejects(ask(port, new Agent({ ...options, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })));
});

test('a resumed session knows the same peer', async (t) => {
  const ca = await authority();
  const { port, sessions } = await serve(t, await rootServer(ca));
  const own = await host(ca);
  // Without keep-alive each request is a connection; the agent keeps the session.
  const agent = new Agent({ ...clientTls(own), keepAlive: false });
  for (let number = 0; number < 3; number += 1) {
    assert.equal((await ask(port, agent))?.host, hostIdOf(own.key.public), `connection ${number}`);
  }
  assert.equal(sessions.at(-1)?.reused, true);
});

test('an expired certificate is known within the grace only', async (t) => {
  const nowMs = Date.now();
  const old = await authority(nowMs - 40 * dayMs);
  const expired = await host(old);
  const clock = new TestClock(nowMs);
  const certificate = new X509Certificate(expired.certificatePem);
  assert.equal(peerOfCertificate(certificate, { caPem: old.certificatePem, clock }), null);
  const peer = peerOfCertificate(certificate, { caPem: old.certificatePem, clock, graceMs: 20 * dayMs });
  assert.equal(peer?.expired, true);
  // The same over a socket, where OpenSSL says nothing but "expired".
  const key = generateKey();
  const today = await authority(nowMs);
  const server = { key, certificatePem: await today.issueRoot(key.public), caPem: today.certificatePem };
  const { port } = await serve(t, server, 20 * dayMs);
  const foreignExpired = clientTls({ ...expired, caPem: today.certificatePem });
  assert.equal(await ask(port, new Agent(foreignExpired)), null);
});

test('a joining host learns the CA from the server that its token pins, and from no other', async (t) => {
  const ca = await authority();
  const shake = async (identity: TlsIdentity): Promise<TLSSocket> => {
    const { port } = await serve(t, identity);
    const socket = connect({ host: '127.0.0.1', port, ...unpinnedTls });
    t.after(() => socket.destroy());
    await once(socket, 'secureConnect');
    return socket;
  };
  const right = await shake(await rootServer(ca));
  assert.equal(pinnedCa(right, ca.pin, systemClock).trim(), ca.certificatePem.trim());
  const foreign = await shake(await rootServer(await authority()));
  assert.throws(() => pinnedCa(foreign, ca.pin, systemClock), { code: 'E_CERTIFICATE' });
  const plain = await shake(await host(ca));
  assert.throws(() => pinnedCa(plain, ca.pin, systemClock), { code: 'E_CERTIFICATE' });
  // A certificate of its own CA, sent together with a copy of ours.
  const copied = await shake({ ...(await rootServer(await authority())), caPem: ca.certificatePem });
  assert.throws(() => pinnedCa(copied, ca.pin, systemClock), { code: 'E_CERTIFICATE' });
  assert.throws(() => pinnedCa(right, ca.pin, new TestClock(0)), { code: 'E_CERTIFICATE' });
});

test('a request must be signed by its own Ed25519 key', async () => {
  const key = generateKey();
  const csr = makeCsr(key, 'a name');
  const checked = await checkCsr(csr);
  assert.deepEqual(checked, { publicKey: key.public, commonName: 'a name', host: hostIdOf(key.public) });
  const forged = Buffer.from(csr);
  const at = forged.indexOf(Buffer.from(key.public));
  Buffer.from(generateKey().public).copy(forged, at);
  await assert.rejects(checkCsr(forged), { code: 'E_CERTIFICATE' });
  for (const bad of [new Uint8Array(), csr.subarray(0, 40), new Uint8Array(10_000), Buffer.from('no')]) {
    await assert.rejects(
      checkCsr(bad),
      (error) => error instanceof XylemError && error.code === 'E_CERTIFICATE',
    );
  }
});

test('openssl reads what we write: request, certificate and CA', async (t) => {
  const folder = await temporaryFolder(t);
  const ca = await authority();
  const key = generateKey();
  const csr = makeCsr(key, hostIdOf(key.public));
  const certificate = await ca.issue(csr, { environment, serves: [environment] });
  await writeFile(join(folder, 'csr.der'), csr);
  await writeFile(join(folder, 'cert.pem'), certificate);
  await writeFile(join(folder, 'ca.pem'), ca.certificatePem);
  const request = await run('openssl', [
    'req',
    '-inform',
    'DER',
    '-in',
    join(folder, 'csr.der'),
    '-verify',
    '-noout',
  ]);
  assert.match(request.stderr + request.stdout, /verify OK/i);
  for (const purpose of ['sslclient', 'sslserver']) {
    const args = [
      'verify',
      '-x509_strict',
      '-purpose',
      purpose,
      '-CAfile',
      join(folder, 'ca.pem'),
      join(folder, 'cert.pem'),
    ];
    assert.match((await run('openssl', args)).stdout, /OK/);
  }
});

test('a CA is loaded as it was saved, and not with a foreign certificate', async (t) => {
  const folder = await temporaryFolder(t);
  const ca = await authority();
  await ca.save(folder, 'secret');
  const loaded = await CertificateAuthority.load(folder, systemClock, systemRandomness, 'secret');
  assert.deepEqual([loaded.id, loaded.certificatePem, loaded.pin], [ca.id, ca.certificatePem, ca.pin]);
  await assert.rejects(CertificateAuthority.load(folder, systemClock, systemRandomness, 'wrong'), {
    code: 'E_KEY_INVALID',
  });
  await writeFile(join(folder, 'ca.pem'), (await authority()).certificatePem);
  await assert.rejects(CertificateAuthority.load(folder, systemClock, systemRandomness, 'secret'), {
    code: 'E_KEY_INVALID',
  });
});
