import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from '../testing/readers.ts';
import { encodeKey, loadKeyFile, saveKeyFile } from './key-file.ts';
import {
  generateKey,
  hostIdOf,
  keyFromSeed,
  keyIdOf,
  rawOfSpki,
  spkiOf,
  verifySignature,
} from './key-pair.ts';

test('a key of a known seed is the one of RFC 8032, with fixed ids', () => {
  const key = keyFromSeed(
    Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex'),
  );
  assert.equal(
    Buffer.from(key.public).toString('hex'),
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  );
  assert.equal(
    Buffer.from(key.sign(Buffer.alloc(0)))
      .toString('hex')
      .slice(0, 32),
    'e5564300c360ac729086e2cc806e828a',
  );
  const json = `{"keytype":"ed25519","keyval":{"public":"${Buffer.from(key.public).toString('hex')}"},"scheme":"ed25519"}`;
  assert.equal(keyIdOf(key.public), createHash('sha256').update(json).digest('hex'));
  assert.equal(
    hostIdOf(key.public),
    createHash('sha256').update(spkiOf(key.public)).digest('hex').slice(0, 32),
  );
  const spki = createPublicKey(key.privateKey).export({ format: 'der', type: 'spki' });
  assert.deepEqual(rawOfSpki(spki), key.public);
  assert.equal(rawOfSpki(spki.subarray(1)), null);
});

test('only the right key over the right bytes verifies; malformed input is false', () => {
  const key = generateKey();
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array({ maxLength: 80 }), (bytes, noise) => {
      assert.equal(verifySignature(key.public, bytes, key.sign(bytes)), true);
      assert.equal(
        verifySignature(key.public, Buffer.concat([bytes, Buffer.from('x')]), key.sign(bytes)),
        false,
      );
      assert.equal(verifySignature(generateKey().public, bytes, key.sign(bytes)), false);
      assert.equal(verifySignature(noise, bytes, key.sign(bytes)), false);
      assert.equal(verifySignature(key.public, bytes, noise), false);
    }),
    { numRuns: 30 },
  );
});

test('a key file is read back, with and without a passphrase, by its owner alone', async (t) => {
  const folder = await temporaryFolder(t);
  const key = generateKey();
  const plain = join(folder, 'plain.pem');
  const locked = join(folder, 'locked.pem');
  await saveKeyFile(plain, key);
  await saveKeyFile(locked, key, 'correct horse');
  assert.equal((await loadKeyFile(plain)).keyId, key.keyId);
  assert.equal((await loadKeyFile(plain, 'not needed')).keyId, key.keyId);
  assert.equal((await loadKeyFile(locked, 'correct horse')).keyId, key.keyId);
  assert.match(await readFile(locked, 'utf8'), /BEGIN ENCRYPTED PRIVATE KEY/);
  assert.equal((await stat(locked)).mode & 0o777, 0o600);
  assert.throws(() => encodeKey(key, ''), { code: 'E_KEY_INVALID' });
});

test('a wrong passphrase, another kind of key and other files are refused', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'key.pem');
  await saveKeyFile(path, generateKey(), 'right');
  await assert.rejects(loadKeyFile(path, 'wrong'), { code: 'E_KEY_INVALID' });
  await assert.rejects(loadKeyFile(path), /passphrase/);
  await assert.rejects(loadKeyFile(join(folder, 'absent.pem')), { code: 'E_KEY_INVALID' });
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  for (const content of [
    '',
    'no key',
    'x'.repeat(20_000),
    p256.export({ format: 'pem', type: 'pkcs8' }).toString(),
  ]) {
    await writeFile(path, content);
    await assert.rejects(loadKeyFile(path), { code: 'E_KEY_INVALID' });
  }
});
