import assert from 'node:assert/strict';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '@xylem/testkit';
import { generateKey } from '@xylem/trust';
import { runHere } from '../testing/run-here.ts';
import { readKeyRing } from './key-ring.ts';
import { createKey, loadKeys } from './keys.ts';

/** The passphrase is given by the environment of this very process. */
function give(t: TestContext, passphrase: string | undefined): void {
  delete process.env.XYLEM_PASSPHRASE;
  if (passphrase !== undefined) process.env.XYLEM_PASSPHRASE = passphrase;
  t.after(() => delete process.env.XYLEM_PASSPHRASE);
}

const role = (keyIds: readonly string[], threshold = 1) => ({ what: 'the root', keyIds, threshold });

test('a new key is sealed by the passphrase that is given, and opened by it alone', async (t) => {
  const folder = await tempFolder(t, 'keys');
  give(t, 'correct horse');
  const key = await createKey(folder, 'root');
  const [held] = await readKeyRing(folder);
  assert.deepEqual([held?.custody, held?.key?.keyId, held?.what], ['passphrase', key.keyId, 'root']);
  const [file = ''] = await readdir(folder);
  assert.equal((await stat(join(folder, file))).mode & 0o777, 0o600);
  assert.equal((await loadKeys(folder, role([key.keyId])))[0]?.keyId, key.keyId);
  give(t, 'wrong horse');
  await assert.rejects(loadKeys(folder, role([key.keyId])), { code: 'E_KEY_INVALID', message: /passphrase/ });
  give(t, undefined);
  await assert.rejects(loadKeys(folder, role([key.keyId])), {
    code: 'E_KEY_INVALID',
    message: /none was given/,
  });
});

test('a PEM file of an earlier version signs as before, and protect seals it', async (t) => {
  const home = await tempFolder(t, 'home');
  const folder = join(home, 'keys');
  give(t, undefined);
  await createKey(folder, 'targets');
  const old = generateKey();
  const pem = old.privateKey.export({ format: 'pem', type: 'pkcs8' });
  await writeFile(join(folder, `shop-${old.keyId.slice(0, 16)}.pem`), pem);
  assert.equal((await loadKeys(folder, role([old.keyId])))[0]?.keyId, old.keyId);
  const refused = await runHere(['keys', 'protect'], { XYLEM_HOME: home });
  assert.match(refused.stderr, /E_INPUT.*XYLEM_PASSPHRASE_FILE/);
  give(t, 'correct horse');
  assert.equal((await runHere(['keys', 'protect'], { XYLEM_HOME: home })).code, 0);
  const ring = await readKeyRing(folder);
  assert.deepEqual(
    ring.map(({ custody }) => custody),
    ['passphrase', 'passphrase'],
  );
  assert.equal((await loadKeys(folder, role([old.keyId])))[0]?.keyId, old.keyId);
});

test('too few keys are said, with where they should be', async (t) => {
  const folder = await tempFolder(t, 'keys');
  give(t, undefined);
  const key = await createKey(folder, 'root');
  await assert.rejects(loadKeys(folder, role([key.keyId, generateKey().keyId], 2)), {
    code: 'E_KEY_INVALID',
    message: /holds 1 of the 2 keys that must sign the root/,
  });
});

test('without a root server the list shows the keys of this machine', async (t) => {
  const home = await tempFolder(t, 'home');
  give(t, undefined);
  const key = await createKey(join(home, 'keys'), 'acme/production root');
  const { code, stdout } = await runHere(['keys', 'list'], { XYLEM_HOME: home });
  assert.equal(code, 0);
  assert.match(
    stdout,
    new RegExp(`${key.keyId.slice(0, 16)} +acme/production root +file without passphrase +nothing`),
  );
});
