import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { type HostId, timeOf } from '@xylem/core';
import { createHttpClient, silentLog, systemClock, systemRandomness } from '@xylem/platform';
import { tempFolder } from '@xylem/testkit';
import {
  buildJoinAnswer,
  buildTrustMap,
  CertificateAuthority,
  checkJoinRequest,
  generateKey,
  joinMacKey,
  loadIdentity,
  makeToken,
  parseRenewRequest,
} from '@xylem/trust';
import { parentsOf } from '../parents/parents.ts';
import { Site } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';
import { openIdentity } from './current.ts';
import { joinHost } from './join.ts';
import { renewCertificate } from './renew.ts';
import { roleOf } from './role.ts';

const common = { clock: systemClock, randomness: systemRandomness, log: silentLog };

/** A front that joins with one token, and renews. */
async function joining(site: Site) {
  const { ca } = site.installation;
  const token = makeToken(systemRandomness, ca.pin);
  const front = await site.front();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request);
    const macKey = joinMacKey(token.secret);
    const checked = await checkJoinRequest(body, (id) => (id === token.id ? macKey : null));
    const certificate = await ca.issue(checked.csr, { environment: site.environment.id, serves: null });
    const key = site.vendor.id;
    const bytes = buildJoinAnswer(macKey, checked.mac, {
      host: hostOf(certificate),
      certificate,
      ca: ca.certificatePem,
      environment: { id: site.environment.id, name: site.environment.name },
      trustMap: buildTrustMap({
        direction: site.environment.firstRoot,
        releases: [site.vendor.firstRoot],
        products: { shop: key },
      }),
      parents: [front.url],
      issued: timeOf(Date.now()),
    });
    response.writeHead(200).end(bytes);
  };
  const renew = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const csr = parseRenewRequest(await buffer(request));
    const certificate = await ca.issue(csr, { environment: site.environment.id, serves: null });
    response.writeHead(200).end(JSON.stringify({ certificate, ca: ca.certificatePem }));
  };
  front.intercept((request, response) => {
    const act = request.url === '/join' ? answer : request.url === '/renew' ? renew : null;
    void act?.(request, response).catch(() => response.writeHead(403).end());
    return act !== null;
  });
  return { front, token };
}

function hostOf(certificatePem: string): HostId {
  return new X509Certificate(certificatePem).subject.replace('CN=', '') as HostId;
}

test('a host joins by its token, and joining again keeps key and id', async (context) => {
  const site = await Site.create(context);
  const { front, token } = await joining(site);
  const stateFolder = await tempFolder(context);
  const options = { url: front.url, token: token.text, stateFolder, name: 'web-1', serve: false, ...common };
  const joined = await joinHost(options);
  const identity = await loadIdentity(join(stateFolder, 'identity'));
  assert.equal(identity?.host, joined.host);
  assert.deepEqual(identity?.parents, [front.url]);
  assert.equal((await joinHost(options)).host, joined.host);
  assert.equal(
    (await readFile(join(stateFolder, 'identity', 'host.json'), 'utf8')).includes(token.text),
    false,
  );
});

test('a server of another installation, and a token with another secret, are refused', async (context) => {
  const site = await Site.create(context);
  const { front, token } = await joining(site);
  const stateFolder = await tempFolder(context);
  const options = { url: front.url, stateFolder, name: 'web-1', serve: false, ...common };
  const other = await CertificateAuthority.create(systemClock, systemRandomness, generateKey());
  const [, id = '', secret = ''] = token.text.split('.');
  const wrongPin = `xyl1.${id}.${secret}.${Buffer.from(other.pin).toString('base64url')}`;
  await assert.rejects(joinHost({ ...options, token: wrongPin }), { code: 'E_CERTIFICATE' });
  assert.ok(!front.requests.some((request) => request.startsWith('POST')), 'nothing was sent to it');
  const wrongSecret = token.text.replace(secret, Buffer.alloc(32, 1).toString('base64url'));
  await assert.rejects(joinHost({ ...options, token: wrongSecret }), { code: 'E_PARENT_REFUSED' });
  await assert.rejects(joinHost({ ...options, url: 'http://127.0.0.1:1', token: token.text }), {
    code: 'E_INPUT',
  });
});

test('a certificate that is due is renewed through a parent, and used at once', async (context) => {
  const site = await Site.create(context);
  const { front } = await joining(site);
  const host = await site.host([front.url]);
  const folder = join(host.stateFolder, 'identity');
  const identity = await openIdentity(folder);
  const before = identity.get().certificatePem;
  // 25 days later the certificate of 30 days is due; the answer must be valid for longer than it.
  const later = { ...systemClock, now: () => Date.now() + 25 * 86_400_000 };
  const http = createHttpClient({ tls: () => identity.tls() });
  const end = new AbortController();
  context.after(() => {
    end.abort();
    http.close();
  });
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const parents = parentsOf({ ...common, http, wanted: () => [front.url], returnToFirstMs: 1_000 });
  const running = renewCertificate({
    ...common,
    clock: later,
    identity,
    role: roleOf({ identity, accepted: () => null, clock: later, tell: undefined }),
    parents,
    http,
    signal: end.signal,
    onFault: () => undefined,
  });
  await waitFor('a renewed certificate', () => identity.get().certificatePem !== before);
  assert.notEqual((await loadIdentity(folder))?.certificatePem, before);
  end.abort();
  await running;
});
