import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Digest } from '@xylem/core';
import { tempFolder } from '@xylem/testkit';
import { isSignedByIssuer, issuerOf } from './issuer.ts';
import { missingStatements } from './require.ts';
import { readAttestation } from './statement.ts';

const slsa = 'https://slsa.dev/provenance/v1';
const tests = 'https://in-toto.io/attestation/test-result/v0.1';
const digest = (letter: string): Digest => letter.repeat(64) as Digest;
const shop = {
  name: 'shop@2.4.0',
  release: digest('a'),
  packages: [
    { name: 'api@2.4.0', digest: digest('b') },
    { name: 'web@1.9.0', digest: digest('c') },
  ],
};
const built = (builder: string, repository: string): object => ({
  buildDefinition: { externalParameters: { workflow: { repository } } },
  runDetails: { builder: { id: builder } },
});

/** Who signs with openssl alone: the encoding is written out here a second time. */
async function issuer(t: { after(act: () => unknown): void }, kind: 'ed25519' | 'P-256' | 'P-384') {
  const folder = await tempFolder(t, 'issuer');
  const at = (name: string): string => join(folder, name);
  const openssl = (...words: string[]): Buffer => execFileSync('openssl', words);
  const how = kind === 'ed25519' ? ['ed25519'] : ['EC', '-pkeyopt', `ec_paramgen_curve:${kind}`];
  openssl('genpkey', '-algorithm', ...how, '-out', at('key'));
  const pem = openssl('pkey', '-in', at('key'), '-pubout').toString();
  const sign = (statement: object): Buffer => {
    const payload = JSON.stringify(statement);
    const type = 'application/vnd.in-toto+json';
    writeFileSync(at('pae'), `DSSEv1 ${type.length} ${type} ${Buffer.byteLength(payload)} ${payload}`);
    const sig =
      kind === 'ed25519'
        ? openssl('pkeyutl', '-sign', '-rawin', '-inkey', at('key'), '-in', at('pae'))
        : openssl('dgst', kind === 'P-384' ? '-sha384' : '-sha256', '-sign', at('key'), at('pae'));
    const envelope = {
      payloadType: type,
      payload: Buffer.from(payload).toString('base64'),
      signatures: [{ keyid: '', sig: sig.toString('base64') }],
    };
    return Buffer.from(JSON.stringify(envelope));
  };
  return {
    pem,
    about: (subject: Digest, predicateType: string, predicate: object): Buffer =>
      sign({
        _type: 'https://in-toto.io/Statement/v1',
        subject: [{ name: 'x', digest: { sha256: subject } }],
        predicateType,
        predicate,
      }),
  };
}

for (const kind of ['ed25519', 'P-256', 'P-384'] as const) {
  test(`what openssl signs by ${kind} is believed, and a changed byte is not`, async (t) => {
    const one = await issuer(t, kind);
    const other = await issuer(t, kind);
    const bytes = one.about(digest('a'), slsa, built('https://ci.example', 'https://git.example/shop'));
    const { envelope, statement } = readAttestation(bytes);
    assert.deepEqual(statement.subjects, [digest('a')]);
    assert.equal(statement.builder, 'https://ci.example');
    assert.equal(statement.source, 'https://git.example/shop');
    assert.equal(isSignedByIssuer(issuerOf(one.pem), envelope), true);
    assert.equal(isSignedByIssuer(issuerOf(other.pem), envelope), false);
    const payload = Buffer.from(envelope.payload);
    payload[payload.length - 3] = 0x20;
    assert.equal(isSignedByIssuer(issuerOf(one.pem), { ...envelope, payload }), false);
  });
}

test('says which statement is missing, and why those that are there do not count', async (t) => {
  const ci = await issuer(t, 'ed25519');
  const stranger = await issuer(t, 'ed25519');
  const rule = {
    predicateType: slsa,
    key: ci.pem,
    builder: 'https://ci.example/builder',
    source: 'git+https://git.example/shop',
  };
  const missing = (...envelopes: Buffer[]): string[] => missingStatements([rule], shop, envelopes);
  const good = built(rule.builder, 'https://git.example/shop@refs/heads/main');
  assert.match(missing()[0] ?? '', /slsa\.dev.* about shop@2\.4\.0, by the key [0-9a-f]{16}: there is none$/);
  assert.match(missing(stranger.about(shop.release, slsa, good))[0] ?? '', /signed by another key$/);
  assert.match(
    missing(ci.about(shop.release, slsa, built('https://evil.example', rule.source)))[0] ?? '',
    /its builder is https:\/\/evil\.example, not https:\/\/ci/,
  );
  assert.match(
    missing(ci.about(shop.release, slsa, built(rule.builder, 'https://git.example/shop-fork')))[0] ?? '',
    /its source is https:\/\/git\.example\/shop-fork/,
  );
  assert.match(missing(ci.about(shop.release, tests, good))[0] ?? '', /there is none$/);
  assert.match(missing(ci.about(digest('d'), slsa, good))[0] ?? '', /there is none$/);
  assert.deepEqual(missing(Buffer.from('rubbish'), ci.about(shop.release, slsa, good)), []);
  // One about each package will do, and one package without is named.
  const ofApi = ci.about(digest('b'), slsa, good);
  const ofWeb = ci.about(digest('c'), slsa, good);
  assert.deepEqual(missing(ofApi, ofWeb), []);
  assert.equal(missing(ofApi).length, 1);
});

test('a failed test is no evidence', async (t) => {
  const ci = await issuer(t, 'ed25519');
  const rules = [{ predicateType: tests, key: ci.pem }];
  const about = (result: string): Buffer => ci.about(shop.release, tests, { result });
  assert.deepEqual(missingStatements(rules, shop, [about('PASSED')]), []);
  assert.match(missingStatements(rules, shop, [about('FAILED')])[0] ?? '', /its result is FAILED$/);
  // A later run that passed counts beside the one that failed.
  assert.deepEqual(missingStatements(rules, shop, [about('FAILED'), about('PASSED')]), []);
});

test('refuses keys and envelopes that are none', async (t) => {
  const folder = await tempFolder(t, 'keys');
  execFileSync('openssl', ['genpkey', '-algorithm', 'RSA', '-out', join(folder, 'rsa')], { stdio: 'ignore' });
  const rsa = execFileSync('openssl', ['pkey', '-in', join(folder, 'rsa'), '-pubout']).toString();
  const secret = execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519']).toString();
  for (const pem of ['', 'nonsense', rsa, secret]) {
    assert.throws(() => issuerOf(pem), { code: 'E_KEY_INVALID' });
  }
  const envelope = (payload: string, payloadType = 'application/vnd.in-toto+json'): Buffer =>
    Buffer.from(
      JSON.stringify({
        payloadType,
        payload: Buffer.from(payload).toString('base64'),
        signatures: [{ keyid: '', sig: 'AAAA' }],
      }),
    );
  const statement = { _type: 'https://in-toto.io/Statement/v1', predicateType: slsa, subject: [] };
  const bad = [
    Buffer.from('{}'),
    envelope('{}'),
    envelope('no json'),
    envelope(JSON.stringify(statement)),
    envelope('{}', 'text/plain'),
  ];
  for (const bytes of bad) assert.throws(() => readAttestation(bytes), { code: 'E_ENVELOPE_INVALID' });
});
