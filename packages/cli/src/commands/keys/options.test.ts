import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { rootHere } from '../../testing/root-here.ts';
import { warningOf } from './ends.ts';

const dayMs = 24 * 3600_000;

test('options that a key can not heed are refused, not passed over', async (t) => {
  const root = await rootHere(t);
  const folder = join(root.home, 'keys');
  const refused = async (line: string, message: RegExp, code = 2): Promise<void> => {
    const said = await root.xylem([...line.split(' '), '--yes']);
    assert.equal(said.code, code, `${line}: ${said.stderr}${said.stdout}`);
    assert.match(said.stderr, message, line);
  };
  await root.xylem(['env', 'create', 'acme/production']);
  const files = [join(root.home, 'one.json'), join(root.home, 'two.json')];
  for (const out of files) assert.equal((await root.xylem(['keys', 'create', 'x', '--out', out])).code, 0);
  const [one, two] = files;
  await refused(`keys rotate snapshot --public ${one}`, /leave out --key and --public/);
  await refused(`keys rotate director --env acme/production --key 01234567`, /leave out --key and --public/);
  await refused(`keys rotate root --env acme/production --public ${one}`, /keys take-root --env/);
  await refused(`keys rotate targets --public ${one} --public ${two}`, /One key has one successor/);
  const targets = (await readdir(folder)).find((name) => name.startsWith('targets-'))?.slice(8, 24);
  await refused(`keys revoke ${targets} --public ${one} --public ${two}`, /give --public once/);
  await refused(`keys revoke ${targets} --keep-all --keep shop@1.0.0`, /leave out --keep/);
});

test('a key that is not there is not taken for one that is protected', async (t) => {
  const root = await rootHere(t);
  const said = await root.xylem(['keys', 'protect', '0123456789abcdef']);
  assert.equal(said.code, 4, said.stdout);
  assert.match(said.stderr, /holds no key 0123456789abcdef/);
});

test('a delegate that is not named has no channels and no end', async (t) => {
  const root = await rootHere(t);
  for (const option of ['--channel nightly', '--expires 30d', '--expires 30d --revoke ci']) {
    const said = await root.xylem(['release', 'delegate', 'shop', ...option.split(' ')]);
    assert.equal(said.code, 2, said.stderr);
    assert.match(said.stderr, /give --name and --key too/);
  }
});

test('the way to sign a role anew names its environment', () => {
  const root = { role: 'root', environment: 'acme/production' };
  assert.match(
    warningOf(root, dayMs, 0) ?? '',
    /acme\/production root expires in 1 days .*begin root --env acme\/production --out/,
  );
  assert.match(
    warningOf({ ...root, environment: null }, -1, 0) ?? '',
    /: root has expired .*begin root --out/,
  );
  assert.equal(warningOf(root, 91 * dayMs, 0), null);
});
