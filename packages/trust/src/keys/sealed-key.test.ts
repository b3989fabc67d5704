import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type KeyFile, parseKeyFile, parsePublicKeyFile, toB64u } from '@xylem/core';
import { systemRandomness } from '@xylem/platform';
import { temporaryFolder } from '../testing/readers.ts';
import { loadKeyFile } from './key-file.ts';
import { generateKey, keyFromSeed } from './key-pair.ts';
import { openKey, publicKeyFile, sealKey } from './sealed-key.ts';

const seal = (passphrase: string | undefined, key = generateKey()) =>
  sealKey(key, { what: 'root', passphrase, randomness: systemRandomness });

test('a key is sealed by its passphrase and opened by it alone', async (t) => {
  const key = generateKey();
  const path = join(await temporaryFolder(t), 'root.json');
  await writeFile(path, await seal('correct horse', key));
  assert.equal((await loadKeyFile(path, 'correct horse')).keyId, key.keyId);
  await assert.rejects(loadKeyFile(path, 'wrong horse'), { code: 'E_KEY_INVALID', message: /passphrase/ });
  await assert.rejects(loadKeyFile(path), { code: 'E_KEY_INVALID', message: /none was given/ });
  await assert.rejects(seal('', key), { code: 'E_KEY_INVALID' });
});

test('the passphrase is the same in any composition of its characters', async () => {
  const file = parseKeyFile(await seal('Schl\u00fcssel'));
  assert.equal((await openKey(file, 'Schlu\u0308ssel')).keyId, file.keyid);
});

test('the file of a known passphrase opens for ever', async () => {
  const zeros = { bytes: (n: number) => Buffer.alloc(n) };
  const file = parseKeyFile(
    await sealKey(keyFromSeed(new Uint8Array(32).fill(7)), {
      what: 'root',
      passphrase: 'pass',
      randomness: zeros,
    }),
  );
  assert.equal(file.kdf?.memoryKiB, 65_536);
  assert.equal(file.sealed, golden);
});
const golden = 'QEfS-KvlXflf0OqF-KZtVXhgQ0zqy4UueJpby5yfjqb_UqM_0pIoRey_M9CjChfC';

test('nothing of a sealed file can be changed unnoticed', async () => {
  const file = parseKeyFile(await seal('pass'));
  const other = generateKey();
  const changes: Partial<Record<keyof KeyFile, unknown>>[] = [
    { what: 'targets' },
    { keyid: other.keyId },
    { public: toB64u(other.public) },
    { sealed: `${file.sealed.slice(0, -2)}AA` },
    { sealed: 'AA' },
    { nonce: 'AA' },
  ];
  for (const change of changes) {
    await assert.rejects(openKey({ ...file, ...change } as KeyFile, 'pass'), { code: 'E_KEY_INVALID' });
  }
  assert.throws(() => parseKeyFile(JSON.stringify({ ...file, kdf: { ...file.kdf, memoryKiB: 2 ** 30 } })), {
    code: 'E_KEY_INVALID',
    message: /memoryKiB/,
  });
});

test('parameters that argon2 refuses are said', async () => {
  const file = parseKeyFile(await seal('pass'));
  for (const change of [{ memoryKiB: 8, lanes: 2 }, { salt: 'AAAAAAAAAAA' }]) {
    const kdf = { ...file.kdf, ...change };
    await assert.rejects(openKey({ ...file, kdf } as KeyFile, 'pass'), { code: 'E_KEY_INVALID' });
  }
});

test('without a passphrase the file still names its own key', async () => {
  const file = parseKeyFile(await seal(undefined));
  assert.equal((await openKey(file, undefined)).keyId, file.keyid);
  await assert.rejects(openKey({ ...file, sealed: toB64u(new Uint8Array(32)) }, undefined), {
    code: 'E_KEY_INVALID',
    message: /another/,
  });
  await assert.rejects(openKey({ ...file, sealed: 'AAAA' }, undefined), { code: 'E_KEY_INVALID' });
});

test('a public key file holds nothing secret', () => {
  const key = generateKey();
  const file = parsePublicKeyFile(publicKeyFile(key, 'targets'));
  assert.deepEqual(Object.keys(file).toSorted(), ['format', 'keyid', 'public', 'what']);
  assert.equal(file.public, toB64u(key.public));
});
