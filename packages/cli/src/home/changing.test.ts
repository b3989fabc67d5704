import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { tempFolder } from '@xylem/testkit';
import { readAuditMemory, rememberAudit } from './audit-memory.ts';
import { createHome } from './home.ts';

const processes = 3;
const changes = 15;

const script = `
import { createHome } from '${import.meta.resolve('./home.ts')}';
import { rememberAudit } from '${import.meta.resolve('./audit-memory.ts')}';
const [folder, who] = process.argv.slice(1);
const home = createHome({ XYLEM_HOME: folder });
for (let n = 0; n < ${changes}; n += 1) {
  const url = 'http://' + who + '-' + n;
  await home.remember(who + '-' + n, { url, token: 'secret' });
  await rememberAudit(folder, url, { key: 'key', sequence: n, hash: 'hash', time: 'time' }, false);
}`;

test('several processes that change it at once lose nothing', { timeout: 60_000 }, async (t) => {
  const folder = join(await tempFolder(t, 'home'), 'home');
  await Promise.all(
    Array.from({ length: processes }, (_, who) =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, folder, `p${who}`]),
    ),
  );
  const { contexts } = await createHome({ XYLEM_HOME: folder }).contexts();
  assert.equal(Object.keys(contexts).length, processes * changes);
  assert.equal(Object.keys(await readAuditMemory(folder)).length, processes * changes);
});

test('commands of one process that change it at once lose nothing', async (t) => {
  const home = createHome({ XYLEM_HOME: join(await tempFolder(t, 'home'), 'home') });
  const names = Array.from({ length: 10 }, (_, n) => `name-${n}`);
  await Promise.all(names.map((name) => home.remember(name, { url: `http://${name}`, token: 'secret' })));
  assert.deepEqual(Object.keys((await home.contexts()).contexts).toSorted(), names);
});

test('a root server that is chosen keeps the token of a login at the same time', async (t) => {
  const home = createHome({ XYLEM_HOME: join(await tempFolder(t, 'home'), 'home') });
  await home.remember('one', { url: 'http://one', token: 'old' });
  await Promise.all([home.remember('one', { url: 'http://one', token: 'new' }), home.use('one')]);
  assert.equal((await home.context('one')).token, 'new');
  await assert.rejects(home.use('two'), { code: 'E_NOT_LOGGED_IN', message: /known are: one/ });
});

test('of two that verified one log at once the one that saw more counts', async (t) => {
  const folder = await tempFolder(t, 'home');
  const seen = { key: 'key', hash: 'hash', time: 'time' };
  const remembered = async (): Promise<number | undefined> =>
    (await readAuditMemory(folder))['http://one']?.sequence;
  await rememberAudit(folder, 'http://one', { ...seen, sequence: 9 }, false);
  await rememberAudit(folder, 'http://one', { ...seen, sequence: 8 }, false);
  assert.equal(await remembered(), 9);
  await rememberAudit(folder, 'http://one', { ...seen, sequence: 7 }, true);
  assert.equal(await remembered(), 7, 'but what is to be forgotten is');
});
