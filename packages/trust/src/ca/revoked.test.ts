import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { EnvironmentId, HostId } from '@xylem/core';
import { createHttpClient, readBody, systemClock, systemRandomness } from '@xylem/platform';
import { generateKey, hostIdOf } from '../keys/key-pair.ts';
import { CertificateAuthority } from './authority.ts';
import { makeCsr } from './csr.ts';
import { hostAt } from './peer.ts';
import { clientTls, serverTls } from './tls.ts';

const environment = 'e'.repeat(32) as EnvironmentId;

test('a revoked relay is refused in a whole handshake, in a resumed session, and on open connections', async (t) => {
  const ca = await CertificateAuthority.create(systemClock, systemRandomness);
  const identityOf = async (serves: readonly EnvironmentId[] | null) => {
    const key = generateKey();
    const certificatePem = await ca.issue(makeCsr(key, hostIdOf(key.public)), { environment, serves });
    return { key, certificatePem, caPem: ca.certificatePem };
  };
  const relay = await identityOf([environment]);
  const relayHost = hostIdOf(relay.key.public);
  const reused: boolean[] = [];
  let closeNext = false;
  const server = createServer(serverTls(relay), (request, response) => {
    reused.push((request.socket as TLSSocket).isSessionReused());
    if (closeNext) response.setHeader('connection', 'close');
    response.end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const revoked = new Set<HostId>();
  let generation = 0;
  const host = await identityOf(null);
  const newClient = () => {
    let tls: ReturnType<typeof clientTls> | undefined;
    let of = -1;
    const client = createHttpClient({
      tls: () => {
        if (tls === undefined || of !== generation)
          tls = clientTls(host, { has: (id) => revoked.has(id), generation });
        of = generation;
        return tls;
      },
    });
    t.after(() => client.close());
    return client;
  };
  const client = newClient();
  const ask = async (by = client) =>
    (await readBody((await by.request({ method: 'GET', url })).body, 100, 'answer')).toString();
  const refused = { code: 'E_CERTIFICATE', message: /was revoked/ };

  // The session that is resumed is one of a connection that was closed.
  closeNext = true;
  assert.equal(await ask(), 'ok');
  closeNext = false;
  assert.equal(await ask(), 'ok');
  assert.deepEqual(reused, [false, true]);
  revoked.add(relayHost);
  generation += 1;
  client.drop((socket) => hostAt(socket, ca.certificatePem) === relayHost);
  await assert.rejects(ask(), refused);
  await assert.rejects(ask(newClient()), refused);
  revoked.clear();
  generation += 1;
  assert.equal(await ask(), 'ok');
});
