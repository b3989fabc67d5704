import assert from 'node:assert/strict';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { installDebian, type Program, program, run, tempFolder, xylemEntry } from '@xylem/testkit';

const examples = join(import.meta.dirname, '..', '..', '..', '..', '..', 'docs', 'examples');
const module = '/usr/lib/softhsm/libsofthsm2.so';

/** A root server's state and a person's home, with nothing running. */
async function vendor(t: TestContext): Promise<{ folder: string; xylem: Program }> {
  const folder = await tempFolder(t, 'hsm');
  const xylem = program({ entry: xylemEntry, home: join(folder, 'home'), logs: join(folder, 'logs') });
  t.after(() => xylem.stop());
  const state = join(folder, 'root');
  const { operatorToken } = (await xylem.command(['root', 'init', '--state', state])) as {
    operatorToken: string;
  };
  const listen = ['--api', '127.0.0.1:0', '--listen', '127.0.0.1:0'];
  const { apiUrl } = (await xylem.start('root', ['root', 'run', '--state', state, ...listen])) as {
    apiUrl: string;
  };
  await xylem.command(['login', apiUrl, '--token', operatorToken]);
  return { folder, xylem };
}

/** The command becomes the only key of targets, and signs a new product's delegation. */
async function signsTargets(
  xylem: Program,
  folder: string,
  publicKey: string,
  words: readonly string[],
): Promise<void> {
  const command = words.flatMap((word) => ['--command', word]);
  const made = (await xylem.command(['keys', 'signer', 'device', '--public', publicKey, ...command])) as {
    keyid: string;
  };
  const exported = join(folder, 'device.json');
  await xylem.command(['keys', 'export', made.keyid.slice(0, 16), '--out', exported]);
  await xylem.command(['keys', 'rotate', 'targets', '--public', exported, '--yes']);
  await xylem.command(['product', 'create', 'shop']);
  const { roles, keys } = (await xylem.command(['keys', 'list'])) as {
    roles: { role: string; keys: string[]; held: string[] }[];
    keys: { key: string; custody: string; signs: string[] }[];
  };
  assert.deepEqual(roles.find(({ role }) => role === 'targets')?.keys, [made.keyid]);
  const device = keys.find(({ key }) => key === made.keyid);
  assert.deepEqual([device?.custody, device?.signs], ['command', ['targets']]);
}

test('a key of a PKCS#11 device signs by pkcs11-tool (softhsm2)', { timeout: 300_000 }, async (t) => {
  const missing = await installDebian('softhsm2', 'opensc');
  if (missing !== null) return t.skip(missing.skip);
  const { folder, xylem } = await vendor(t);
  const tokens = join(folder, 'tokens');
  const config = join(folder, 'softhsm2.conf');
  await mkdir(tokens);
  await writeFile(
    config,
    `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  const env = { ...process.env, SOFTHSM2_CONF: config };
  await run(
    'softhsm2-util',
    ['--init-token', '--free', '--label', 'xylem', '--pin', '1234', '--so-pin', '5678'],
    { env },
  );
  const device = ['--module', module, '--token-label', 'xylem', '--login', '--pin', '1234'];
  await run(
    'pkcs11-tool',
    [...device, '--keypairgen', '--key-type', 'EC:edwards25519', '--id', '01', '--label', 'targets'],
    { env },
  );
  const publicKey = join(folder, 'device.pem');
  await run('pkcs11-tool', [...device, '--read-object', '--type', 'pubkey', '--id', '01', '-o', publicKey], {
    env,
  });
  const pin = join(folder, 'pin');
  await writeFile(pin, '1234', { mode: 0o600 });
  const wrong = join(folder, 'wrong-pin');
  await writeFile(wrong, '9999', { mode: 0o600 });
  // The command inherits this program's environment; here that is the device's configuration alone.
  const script = join(folder, 'sign');
  await writeFile(
    script,
    `#!/bin/sh\nSOFTHSM2_CONF=${config} exec ${join(examples, 'sign-by-pkcs11')} ${module} xylem 01 "$1"\n`,
    { mode: 0o755 },
  );
  await assert.rejects(
    xylem.command([
      'keys',
      'signer',
      'device',
      '--public',
      publicKey,
      '--command',
      script,
      '--command',
      wrong,
    ]),
    /E_SIGNER.*ended with/s,
  );
  await signsTargets(xylem, folder, publicKey, [script, pin]);
});

test('a key that OpenSSL holds signs by a script', { timeout: 120_000 }, async (t) => {
  if (
    !(await access('/usr/bin/openssl').then(
      () => true,
      () => false,
    ))
  )
    return t.skip('no openssl on this machine');
  const { folder, xylem } = await vendor(t);
  const key = join(folder, 'key.pem');
  const publicKey = join(folder, 'public.pem');
  await run('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', key]);
  await run('openssl', ['pkey', '-in', key, '-pubout', '-out', publicKey]);
  await signsTargets(xylem, folder, publicKey, [join(examples, 'sign-by-openssl'), key]);
  assert.doesNotMatch(await readFile(publicKey, 'utf8'), /PRIVATE/);
});
