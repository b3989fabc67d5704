import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '@xylem/testkit';
import { rootHere } from '../../testing/root-here.ts';
import { runHere } from '../../testing/run-here.ts';

test('a person is made, signs in, does what they may and nothing else, and is shut out', async (t) => {
  const root = await rootHere(t);
  const folder = await tempFolder(t, 'anna');
  const home = join(folder, 'home');
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, 'correct horse battery\n');
  const operator = async (...words: string[]) => {
    const said = await root.xylem(words);
    assert.equal(said.code, 0, said.stderr);
    return said.stdout;
  };
  const anna = (...words: string[]) => root.xylem(words, home);
  await operator('env', 'create', 'acme/production');
  await operator('env', 'create', 'globex/production');
  const power = ['--role', 'operator', '--in', 'acme'];
  const made = await operator('person', 'create', 'anna', ...power, '--password-file', passwordFile);
  assert.match(made, /anna may sign in: operator in acme/);

  const login = ['login', root.url, '--as', 'anna', '--password-file', passwordFile];
  const signedIn = await anna(...login);
  assert.equal(signedIn.code, 0, signedIn.stderr);
  assert.match(signedIn.stdout, /knows you as anna \(operator in acme\)/);
  assert.doesNotMatch((await anna('env', 'list')).stdout, /globex/);
  const [unknown, foreign] = [
    await anna('env', 'show', 'cedar/production'),
    await anna('env', 'show', 'globex/production'),
  ];
  assert.deepEqual([foreign.code, unknown.code], [4, 4]);
  assert.equal(foreign.stderr.replaceAll('globex', 'cedar'), unknown.stderr);
  assert.equal((await anna('token', 'create', '--env', 'acme/production')).code, 0);
  assert.equal((await anna('person', 'list')).code, 3);

  await operator('person', 'grant', 'anna', '--role', 'viewer', '--in', 'globex/production');
  assert.match((await anna('env', 'list')).stdout, /globex\/production/);
  await operator('person', 'revoke', 'anna', '--role', 'operator', '--in', 'acme');
  assert.equal((await anna('token', 'create', '--env', 'acme/production')).code, 3);
  assert.match(await operator('person', 'list'), /anna +viewer in globex\/production +active/);

  assert.match((await anna('session', 'list')).stdout, /\(this\) +person\/anna +cli: .* +127\.0\.0\.1/);
  assert.match((await anna('logout')).stdout, /Signed out/);
  assert.equal((await anna('status')).code, 3);
  await anna(...login);
  await operator('person', 'disable', 'anna');
  assert.equal((await anna('status')).code, 3);
  assert.match((await anna(...login)).stderr, /name or the password is wrong/);
  assert.match(await operator('audit', 'list', '--who', 'person/anna'), /token\.create/);
  assert.equal((await root.xylem(['login', root.url])).code, 2);
});

test('an API token has grants and an expiry, and is gone when it is revoked', async (t) => {
  const root = await rootHere(t);
  await root.xylem(['env', 'create', 'acme/production']);
  const words = ['api-token', 'create', 'ci', '--role', 'operator', '--in', 'acme/production'];
  const { stdout, code, stderr } = await root.xylem([...words, '--expires', '30d', '--json']);
  assert.equal(code, 0, stderr);
  const made = JSON.parse(stdout) as { id: string; token: string; created: string; expires: string };
  assert.equal(Date.parse(made.expires) - Date.parse(made.created), 30 * 24 * 3600_000);
  assert.equal((await root.xylem([...words, '--expires', '9y'])).code, 2);
  assert.equal((await root.xylem(['api-token', 'create', 'x', '--role', 'king', '--in', '*'])).code, 2);
  const home = await tempFolder(t, 'ci');
  assert.equal((await root.xylem(['login', root.url, '--token', made.token], home)).code, 0);
  assert.equal((await root.xylem(['api-token', 'list'], home)).code, 3);
  assert.match((await root.xylem(['api-token', 'list'])).stdout, /ci +operator in acme\/production/);
  assert.equal((await root.xylem(['api-token', 'revoke', made.id])).code, 0);
  assert.equal((await root.xylem(['status'], home)).code, 3);
});

test('one standard input is not taken for two passwords', async (t) => {
  const words = ['person', 'password', '--password-file', '-', '--present-file', '-'];
  const said = await runHere(words, { XYLEM_HOME: await tempFolder(t, 'home') });
  assert.equal(said.code, 2, said.stderr);
});
