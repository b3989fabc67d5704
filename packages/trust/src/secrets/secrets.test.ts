import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { EnvironmentId, HostId, Sealed, XylemError } from '@xylem/core';
import { tempFolder } from '@xylem/testkit';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { generateKey, hostIdOf, keyFromSeed } from '../keys/key-pair.ts';
import { dataIdentityOf, generateAgeIdentity, readAgeIdentity } from './age-identity.ts';
import { unwrapDataKey, wrapDataKey } from './data-key.ts';
import { hostAgeIdentity } from './host-identity.ts';
import { checkRecipient, stateRecipient } from './recipient.ts';
import { openValue, sealValue } from './sealed-value.ts';

const environment = 'e'.repeat(32) as EnvironmentId;
const otherEnvironment = 'f'.repeat(32) as EnvironmentId;
const canary = 'CANARY-of-the-trust-test';
const invalid = (error: XylemError): boolean => {
  assert.equal(error.code, 'E_SECRET_INVALID');
  assert.ok(!`${error.stack}${JSON.stringify(error.details)}${String(error.cause)}`.includes(canary));
  return true;
};

test('identities and recipients are those of age', async () => {
  for (const made of [generateAgeIdentity(), dataIdentityOf(generateKey())]) {
    assert.equal(made.recipient, await identityToRecipient(made.identity));
    assert.deepEqual(readAgeIdentity(`${made.identity}\n`), made);
  }
  const theirs = await generateX25519Identity();
  assert.equal(readAgeIdentity(theirs).recipient, await identityToRecipient(theirs));
});

test('a data identity follows from its key file, always the same', () => {
  assert.equal(
    dataIdentityOf(keyFromSeed(Buffer.alloc(32, 7))).recipient,
    'age1p09acq8grjfneuvckt3wx9d36xxhxgrgqz9hhxs7w00mufnzydgq4sz0dj',
  );
  assert.notEqual(dataIdentityOf(generateKey()).recipient, dataIdentityOf(generateKey()).recipient);
});

test('what is no identity is refused without being quoted', () => {
  for (const text of ['', canary, 'age1zq2wfkpzczsa2v3ly7ljsmchje24z48eza96r6qvxv8al8thwgfqaa75er']) {
    assert.throws(() => readAgeIdentity(text), invalid);
  }
});

test('a sealed value opens at its place and at no other', async () => {
  const data = dataIdentityOf(generateKey());
  const place = { environment, component: 'shop-api', key: 'password' };
  const given = { generation: 1, version: 'a'.repeat(32), holder: 'anna' };
  const sealed = await sealValue(place, canary, given, data.recipient);
  assert.equal(await openValue(place, sealed, data), canary);
  assert.ok(!JSON.stringify(sealed).includes(canary));
  const elsewhere: [Partial<typeof place>, Partial<Sealed>][] = [
    [{ environment: otherEnvironment }, {}],
    [{ component: 'shop-web' }, {}],
    [{ key: 'motd' }, {}],
    [{}, { version: 'b'.repeat(32) }],
  ];
  for (const [where, what] of elsewhere) {
    await assert.rejects(openValue({ ...place, ...where }, { ...sealed, ...what }, data), invalid);
  }
  await assert.rejects(openValue(place, sealed, dataIdentityOf(generateKey())), invalid);
});

test('damage is refused and what it held is not said', async () => {
  const data = dataIdentityOf(generateKey());
  const place = { environment, component: 'shop-api', key: 'password' };
  for (const plain of [canary, `{"value":"${canary}"}`, `["${canary}"]`]) {
    const encrypter = new Encrypter();
    encrypter.addRecipient(data.recipient);
    const age = Buffer.from(await encrypter.encrypt(plain)).toString('base64');
    await assert.rejects(
      openValue(place, { generation: 1, version: 'a'.repeat(32), holder: 'x', age }, data),
      invalid,
    );
  }
});

test('values that can not stand in an environment variable are refused', async () => {
  const given = { generation: 1, version: 'a'.repeat(32), holder: 'anna' };
  const place = { environment, component: 'shop-api', key: 'password' };
  const { recipient } = generateAgeIdentity();
  for (const value of ['', 'a\0b', 'x'.repeat(32 * 1024 + 1)]) {
    await assert.rejects(sealValue(place, value, given, recipient), { code: 'E_INPUT' });
  }
});

test('a wrapped key opens for its host, environment and generation alone', async () => {
  const [data, own] = [dataIdentityOf(generateKey()), generateAgeIdentity()];
  const place = { environment, generation: 2, host: 'a'.repeat(32) as HostId };
  const wrapped = await wrapDataKey(place, data, own.recipient);
  assert.deepEqual(await unwrapDataKey(place, wrapped, own), data);
  assert.equal(await unwrapDataKey(place, wrapped, generateAgeIdentity()), null);
  for (const other of [
    { ...place, environment: otherEnvironment },
    { ...place, generation: 3 },
    { ...place, host: 'b'.repeat(32) as HostId },
  ]) {
    await assert.rejects(unwrapDataKey(other, wrapped, own), invalid);
  }
  const decrypter = new Decrypter();
  decrypter.addIdentity(own.identity);
  assert.match(await decrypter.decrypt(Buffer.from(wrapped, 'base64'), 'text'), /xylem-data-key-1/);
});

test('a recipient counts only by the word of the host that it is named for', () => {
  const key = generateKey();
  const place = { environment, host: hostIdOf(key.public) };
  const { recipient } = generateAgeIdentity();
  const statement = stateRecipient(place, recipient, key);
  checkRecipient(place, statement);
  const attacker = generateKey();
  const theirs = generateAgeIdentity().recipient;
  assert.throws(() => checkRecipient(place, stateRecipient(place, theirs, attacker)), invalid);
  assert.throws(() => checkRecipient(place, { ...statement, recipient: theirs }), invalid);
  assert.throws(() => checkRecipient({ ...place, environment: otherEnvironment }, statement), invalid);
});

test('a host keeps its identity, and makes another for a damaged one', async (t) => {
  const folder = await tempFolder(t);
  const errors: string[] = [];
  const log = {
    info: () => undefined,
    warn: () => undefined,
    error: (event: string) => void errors.push(event),
  };
  const made = await hostAgeIdentity(folder, log);
  assert.deepEqual(await hostAgeIdentity(folder, log), made);
  const path = join(folder, 'secrets.key');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await writeFile(path, 'half');
  assert.notEqual((await hostAgeIdentity(folder, log)).identity, made.identity);
  assert.equal(await readFile(`${path}.damaged`, 'utf8'), 'half');
  assert.equal(errors.length, 1);
});
