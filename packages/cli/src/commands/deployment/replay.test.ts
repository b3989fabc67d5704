import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { tempFolder } from '@xylem/testkit';
import { rootHere } from '../../testing/root-here.ts';

test('what was decided is decided again from its record, and a record that was changed is found', async (t) => {
  const root = await rootHere(t);
  const folder = await tempFolder(t, 'replay');
  mkdirSync(join(folder, 'tree'));
  writeFileSync(join(folder, 'tree', 'page'), 'page');
  const manifest = 'product: shop\ncomponent: web\nversion: 1.0.0\nfolder: tree\n';
  writeFileSync(join(folder, 'xylem.yaml'), manifest);
  const said = async (line: string) => {
    const { code, stdout, stderr } = await root.xylem(line.split(' '));
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const replay = async (...words: string[]) => await root.xylem(['deployment', 'replay', id, ...words]);
  await said(`package publish ${folder}`);
  await said('release create shop@1.0.0 --with web@1.0.0');
  await said('env create production');
  const { token } = JSON.parse(await said('token create --env production --json')) as { token: string };
  await said(`join ${root.nodesUrl} --token ${token} --name web-1 --state ${join(folder, 'web-1')}`);
  const [id = ''] = /d-[0-9a-f]{12}/.exec(await said('deploy shop@1.0.0 --to production --yes')) ?? [];

  const good = await replay();
  assert.equal(good.code, 0, good.stderr);
  assert.match(good.stdout, /The same: \d+ decisions? made again .* digest [0-9a-f]{64}/);
  assert.match(good.stdout, /\nNot compared with the audit log: it names no digest of them/);
  await said(`deployment pause ${id}`);
  assert.match((await replay()).stdout, /\nThe audit log names the same digests \(entry \d+\)\.\n$/);
  const viewer = await said('api-token create look --role viewer --in * --json');
  const home = await tempFolder(t, 'viewer');
  const { token: secret } = JSON.parse(viewer) as { token: string };
  await root.xylem(['login', root.url, '--token', secret], home);
  const seen = await root.xylem(['deployment', 'replay', id], home);
  assert.equal(seen.code, 0, seen.stderr);
  assert.match(seen.stdout, /^The same: .*\nNot compared with the audit log: \S.*\n$/);

  const database = new DatabaseSync(join(root.folder, 'root.db'));
  t.after(() => database.close());
  const tampered = database
    .prepare(
      `update deployment_evidence set document = replace(document, '"verdict":"', '"verdict":"not ')
       where deployment = ? and number = 1`,
    )
    .run(id);
  assert.equal(tampered.changes, 1);
  const changed = await replay();
  assert.equal(changed.code, 9, changed.stderr);
  assert.match(changed.stdout, /It differs\. Record 1: recorded was .*"not .*, and decided again it is /);
  const { same, difference } = JSON.parse((await replay('--json')).stdout) as Record<string, unknown>;
  assert.equal(same, false);
  assert.match(String(difference), /Record 1/);

  database.prepare('delete from deployment_evidence where deployment = ?').run(id);
  const nothing = await replay();
  assert.equal(nothing.code, 4);
  assert.match(nothing.stderr, /E_NOT_FOUND: Nothing is recorded/);
});
