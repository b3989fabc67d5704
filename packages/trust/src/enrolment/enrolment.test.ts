import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { type EnvironmentId, type JoinAnswerBody, timeOf } from '@xylem/core';
import { systemClock, systemRandomness } from '@xylem/platform';
import fc from 'fast-check';
import { CertificateAuthority } from '../ca/authority.ts';
import { makeCsr } from '../ca/csr.ts';
import { generateKey, hostIdOf, type KeyPair } from '../keys/key-pair.ts';
import { directionRepository, TestReleases } from '../testing/test-repository.ts';
import { buildJoinAnswer, checkJoinAnswer } from './answer.ts';
import { renewalDue, renewalDueAt } from './renewal.ts';
import { buildJoinRequest, buildRenewRequest, checkJoinRequest, parseRenewRequest } from './request.ts';
import { type JoinToken, joinMacKey, makeToken, parseToken } from './token.ts';
import { buildTrustMap, checkTrustMap, pinnedRootOf, repositoryForProduct } from './trust-map.ts';

const dayMs = 24 * 3600 * 1000;
const direction = await directionRepository('enrolment');
const vendor = await TestReleases.make('enrolment vendor');
const ca = await CertificateAuthority.create(systemClock, systemRandomness);
const trustMap = buildTrustMap({
  direction: direction.pinned,
  releases: [vendor.pinned],
  products: { '*': vendor.id },
});
const environment = { id: direction.id as EnvironmentId, name: 'acme/production' };

function request(token: JoinToken, key: KeyPair): { body: Uint8Array; mac: Uint8Array } {
  return buildJoinRequest({
    token,
    key,
    name: 'web-1',
    serve: false,
    facts: { os: 'debian' },
    randomness: systemRandomness,
  });
}

async function answerTo(
  token: JoinToken,
  body: Uint8Array,
  change: Partial<JoinAnswerBody> = {},
): Promise<Uint8Array> {
  const macKey = joinMacKey(token.secret);
  const checked = await checkJoinRequest(body, (id) => (id === token.id ? macKey : null));
  const answer = {
    host: hostIdOf(generateKey().public),
    certificate: await ca.issue(checked.csr, { environment: environment.id, serves: null }),
    ca: ca.certificatePem,
    environment,
    trustMap,
    parents: ['https://root:7443'],
    issued: timeOf(Date.now()),
    ...change,
  };
  return buildJoinAnswer(macKey, checked.mac, answer);
}

/** The certificate with a key of a kind that nobody knows: its object identifier (1.3.101.112) is another one. */
function ofUnknownKind(pem: string): string {
  const { raw, publicKey } = new X509Certificate(pem);
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const der = Buffer.from(raw);
  der[raw.indexOf(spki) + 6] = 0xdb;
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
}

test('a token is read as it was made, and nothing else is a token', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (pin) => {
      const token = makeToken(systemRandomness, pin);
      assert.deepEqual(parseToken(` ${token.text}\n`), token);
    }),
  );
  const { text } = makeToken(systemRandomness, ca.pin);
  for (const bad of [
    '',
    'xyl2',
    text.slice(0, -1),
    `${text}A`,
    text.replace('xyl1', 'xyl2'),
    text.toUpperCase(),
  ]) {
    assert.throws(() => parseToken(bad), { code: 'E_JOIN_TOKEN' }, bad);
  }
});

test('a host joins: request and answer check out, and the secret is in neither', async () => {
  const token = makeToken(systemRandomness, ca.pin);
  const key = generateKey();
  const { body, mac } = request(token, key);
  const checked = await checkJoinRequest(body, () => joinMacKey(token.secret));
  assert.deepEqual(
    [checked.name, checked.serve, checked.facts, checked.token],
    ['web-1', false, { os: 'debian' }, token.id],
  );
  const reply = await answerTo(token, body, { host: hostIdOf(key.public) });
  const answer = checkJoinAnswer(reply, { token, requestMac: mac, key });
  assert.deepEqual(
    [answer.host, answer.environment, answer.parents],
    [hostIdOf(key.public), environment, ['https://root:7443']],
  );
  const secret = Buffer.from(token.secret);
  for (const bytes of [body, reply]) {
    assert.ok(!Buffer.from(bytes).includes(secret.toString('base64url')));
    assert.ok(!Buffer.from(bytes).includes(secret));
  }
});

test('any changed byte of request or answer is refused', async () => {
  const token = makeToken(systemRandomness, ca.pin);
  const key = generateKey();
  const { body, mac } = request(token, key);
  const reply = await answerTo(token, body, { host: hostIdOf(key.public) });
  const changed = (bytes: Uint8Array, at: number): Uint8Array => {
    const copy = Uint8Array.from(bytes);
    copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ 1;
    return copy;
  };
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (at) => {
      await assert.rejects(
        checkJoinRequest(changed(body, at), (id) => (id === token.id ? joinMacKey(token.secret) : null)),
      );
      assert.throws(() => checkJoinAnswer(changed(reply, at), { token, requestMac: mac, key }));
    }),
    { numRuns: 200 },
  );
});

test('an answer to another request, by another secret, or for other keys is refused', async () => {
  const token = makeToken(systemRandomness, ca.pin);
  const key = generateKey();
  const host = hostIdOf(key.public);
  const { body, mac } = request(token, key);
  const expected = { token, requestMac: mac, key };
  const other = request(token, key);
  const answerToOther = await answerTo(token, other.body, { host });
  assert.throws(() => checkJoinAnswer(answerToOther, expected), { code: 'E_JOIN_MAC' });
  await assert.rejects(
    checkJoinRequest(body, () => joinMacKey(makeToken(systemRandomness, ca.pin).secret)),
    { code: 'E_JOIN_MAC' },
  );
  await assert.rejects(
    checkJoinRequest(body, () => null),
    { code: 'E_JOIN_TOKEN' },
  );
  const foreignCa = await CertificateAuthority.create(systemClock, systemRandomness);
  const own = await ca.issue(makeCsr(key, host), { environment: environment.id, serves: null });
  const wrong: [string, Partial<JoinAnswerBody>][] = [
    ['E_CERTIFICATE', { host, ca: foreignCa.certificatePem }],
    ['E_CERTIFICATE', { host: hostIdOf(generateKey().public) }],
    ['E_CERTIFICATE', { host, certificate: ofUnknownKind(own) }],
    ['E_CERTIFICATE', { host, ca: ofUnknownKind(ca.certificatePem) }],
    ['E_CERTIFICATE', { host, certificate: '-----BEGIN CERTIFICATE-----\nno certificate' }],
    ['E_TRUST', { host, environment: { ...environment, id: vendor.id as EnvironmentId } }],
  ];
  for (const [code, change] of wrong) {
    const reply = await answerTo(token, body, change);
    assert.throws(() => checkJoinAnswer(reply, expected), { code }, JSON.stringify(change).slice(0, 80));
  }
  const reply = await answerTo(token, body, { host });
  assert.throws(() => checkJoinAnswer(reply, { ...expected, key: generateKey() }), { code: 'E_CERTIFICATE' });
  const otherPin = { ...token, pin: foreignCa.pin };
  assert.throws(() => checkJoinAnswer(reply, { ...expected, token: otherPin }), { code: 'E_CERTIFICATE' });
});

test('a trust map with a root that its id does not name, or without its environment, is refused', () => {
  assert.deepEqual(checkTrustMap(JSON.parse(JSON.stringify(trustMap))), trustMap);
  assert.equal(repositoryForProduct(trustMap, 'shop'), vendor.id);
  assert.equal(repositoryForProduct({ ...trustMap, products: {} }, 'toString'), null);
  assert.deepEqual(Buffer.from(pinnedRootOf(trustMap, vendor.id)), Buffer.from(vendor.pinned));
  const { repositories } = trustMap;
  const vendorEntry = repositories[vendor.id];
  const bad: [string, unknown][] = [
    ['E_DOCUMENT_INVALID', null],
    ['E_FORMAT_UNSUPPORTED', { ...trustMap, format: 'xylem-trust-map-2' }],
    ['E_TRUST', { ...trustMap, repositories: { ...repositories, ['0'.repeat(32)]: vendorEntry } }],
    ['E_DOCUMENT_INVALID', { ...trustMap, repositories: { [vendor.id]: vendorEntry } }],
    ['E_DOCUMENT_INVALID', { ...trustMap, products: { shop: direction.id } }],
    ['E_DOCUMENT_INVALID', { ...trustMap, products: { shop: 'unknown' } }],
    [
      'E_DOCUMENT_INVALID',
      { ...trustMap, repositories: { ...repositories, [vendor.id]: { kind: 'other' } } },
    ],
  ];
  for (const [code, map] of bad) assert.throws(() => checkTrustMap(map), { code });
});

test('a certificate is renewed after 20 of its 30 days, spread over a day, and when it has expired', async () => {
  const key = generateKey();
  const pem = await ca.issueRoot(key.public);
  const nowMs = Date.now();
  assert.equal(renewalDue(pem, nowMs), false);
  assert.equal(renewalDue(pem, nowMs + 19.9 * dayMs), false);
  assert.equal(renewalDue(pem, nowMs + 20.1 * dayMs), true);
  assert.equal(renewalDue(pem, nowMs + 20.1 * dayMs, 0.99), false);
  assert.equal(renewalDue(pem, nowMs + 60 * dayMs), true);
  assert.ok(Math.abs(renewalDueAt(pem, 0.5) - renewalDueAt(pem) - dayMs / 2) < 3600_000);
  const csr = parseRenewRequest(buildRenewRequest(key, 'a'.repeat(32)));
  assert.ok(csr.length > 100);
});

test('hostile documents are refused with a code, never another error', async () => {
  const token = makeToken(systemRandomness, ca.pin);
  const macKey = joinMacKey(token.secret);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      async (body) => {
        await assert.rejects(
          checkJoinRequest(body, () => macKey),
          { name: 'XylemError' },
        );
        assert.throws(() => checkJoinAnswer(body, { token, requestMac: macKey, key: generateKey() }), {
          name: 'XylemError',
        });
      },
    ),
  );
  await assert.rejects(
    checkJoinRequest(Buffer.alloc(2_000_000, ' '), () => macKey),
    { code: 'E_TOO_LARGE' },
  );
});
