import assert from 'node:assert/strict';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Bench, converge } from '../../testing/crash-sweep.ts';
import { type TestPackage, testPackage } from '../../testing/packages.ts';
import { placingPackage } from '../../testing/placing.ts';
import { temporaryFolder } from '../../testing/state-folder.ts';

const reloads = (outside: string): Promise<number> =>
  readFile(join(outside, 'reloads'), 'utf8').then(
    (text) => text.split('\n').length - 1,
    () => 0,
  );

const isRoot = process.getuid?.() === 0;

test('places what it renders with its mode, reloads when something changed and only then', async (context) => {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const outside = join(bench.folder, 'etc');
  const package1 = placingPackage({ version: '1.0.0', outside, port: 81 });
  const one = await bench.wanted([package1]);
  await converge(state, one);
  const main = join(outside, 'main.conf');
  assert.equal(await readFile(main, 'utf8'), 'version 1.0.0\nport 81\n');
  assert.equal((await stat(main)).mode & 0o7777, 0o640);
  assert.equal((await stat(join(outside, 'sub', 'plain.conf'))).mode & 0o7777, 0o644);
  assert.equal(await reloads(outside), 1);
  await converge(state, one);
  assert.equal(await reloads(outside), 1);

  // Another deployment of the very same files: nothing changed for whoever reads them.
  await converge(state, await bench.wanted([{ ...package1, after: ['other'] }]));
  assert.equal(await reloads(outside), 1);
  await converge(state, await bench.wanted([placingPackage({ version: '1.0.0', outside, port: 82 })]));
  assert.equal(await readFile(main, 'utf8'), 'version 1.0.0\nport 82\n');
  assert.equal(await reloads(outside), 2);
});

test('what stood there before is put back, files and folders that came are gone', async (context) => {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const outside = join(bench.folder, 'etc');
  const one = await bench.wanted([placingPackage({ version: '1.0.0', outside })]);
  const two = await bench.wanted([placingPackage({ version: '2.0.0', outside, only: true })]);
  const main = join(outside, 'main.conf');
  await writeFile(main, 'of the operator', { mode: 0o600 });
  if (isRoot) await chown(main, 7, 8);
  await converge(state, one);
  await converge(state, two);
  assert.deepEqual((await readdir(outside)).sort(), ['main.conf', 'reloads'], 'what two has no more is gone');
  assert.equal(await reloads(outside), 2);
  await converge(state, await bench.wanted([]));
  assert.equal(await readFile(main, 'utf8'), 'of the operator');
  const { mode, uid, gid } = await stat(main);
  assert.deepEqual([mode & 0o777, ...(isRoot ? [uid, gid] : [])], [0o600, ...(isRoot ? [7, 8] : [])]);
  assert.equal(await reloads(outside), 3);
  assert.deepEqual(await readdir(join(state, 'components', 'thing')), ['data']);
});

test('a link that stood there is put back as a link, and what it led to was never touched', async (context) => {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const outside = join(bench.folder, 'etc');
  const one = await bench.wanted([placingPackage({ version: '1.0.0', outside })]);
  await writeFile(join(bench.folder, 'elsewhere'), 'untouched');
  await symlink('../elsewhere', join(outside, 'main.conf'));
  await converge(state, one);
  assert.ok((await lstat(join(outside, 'main.conf'))).isFile());
  assert.equal(await readFile(join(bench.folder, 'elsewhere'), 'utf8'), 'untouched');
  await converge(state, await bench.wanted([]));
  assert.equal(await readlink(join(outside, 'main.conf')), '../elsewhere');
});

test('what an operator changed in a placed file is kept, reported and put right', async (context) => {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const outside = join(bench.folder, 'etc');
  const one = await bench.wanted([placingPackage({ version: '1.0.0', outside })]);
  await converge(state, one);
  const main = join(outside, 'main.conf');
  const drift: (string | null)[] = [];
  const look = (): Promise<unknown> => converge(state, one, (plan) => drift.push(plan.drift));

  await writeFile(main, 'by hand');
  await look();
  assert.match(await readFile(main, 'utf8'), /^version 1\.0\.0/);
  const [found = ''] = await readdir(join(state, 'found'));
  assert.equal(await readFile(join(state, 'found', found), 'utf8'), 'by hand');
  await chmod(main, 0o666);
  await look();
  assert.equal((await stat(main)).mode & 0o777, 0o640);
  await rm(join(outside, 'sub'), { recursive: true });
  await look();
  assert.deepEqual(drift, [
    `${main} has other bytes; what it held is kept in ${join(state, 'found')}`,
    `${main} has another mode or owner`,
    `${join(outside, 'sub', 'plain.conf')} is missing`,
  ]);
  assert.equal(await reloads(outside), 4);

  await writeFile(main, 'by hand again');
  await converge(state, await bench.wanted([]));
  assert.deepEqual(await readdir(outside), ['reloads']);
  assert.equal((await readdir(join(state, 'found'))).length, 2, 'on removal too');
});

test('a refused validate touches nothing, says what it printed, and can be looked at', async (context) => {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const outside = join(bench.folder, 'etc');
  await converge(state, await bench.wanted([placingPackage({ version: '1.0.0', outside })]));
  const before = await stat(join(outside, 'main.conf'));
  const result = await converge(
    state,
    await bench.wanted([placingPackage({ version: '2.0.0', outside, port: 0 })]),
  );
  assert.ok(result.rested);
  const refused = result.slots.get('thing')?.record?.refused;
  assert.equal(refused?.code, 'E_HOOK_FAILED');
  assert.match(refused?.message ?? '', /validate.*ended with 1.*port 0 is no port/);
  const after = await stat(join(outside, 'main.conf'));
  assert.deepEqual([after.ino, after.ctimeMs], [before.ino, before.ctimeMs]);
  assert.equal(await reloads(outside), 1);
  const [kept = ''] = await readdir(join(state, 'components', 'thing', 'rendered'));
  const rendered = join(state, 'components', 'thing', 'rendered', kept, 'conf', 'main.conf');
  assert.equal(await readFile(rendered, 'utf8'), 'version 2.0.0\nport 0\n');
});

test('a missing value is refused by template, line and key, before anything is touched', async (context) => {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const bad = templated(join(bench.folder, 'out'), 'first\n{{ config.prot }}\n');
  const result = await converge(state, await bench.wanted([bad]));
  const refused = result.slots.get('thing')?.record?.refused;
  assert.equal(refused?.code, 'E_TEMPLATE');
  assert.equal(refused?.message, 'a.tmpl, line 2: undefined variable: config.prot.');
  await assert.rejects(stat(join(bench.folder, 'out')), { code: 'ENOENT' });
});

test('a file or folder in the way, a denied path, an unknown owner: it waits, and what runs goes on', async (context) => {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  await mkdir(join(bench.folder, 'folder'));
  await writeFile(join(bench.folder, 'file'), 'in the way');
  const attempts: [string, RegExp][] = [
    [join(bench.folder, 'folder'), /something that is no file/],
    [join(bench.folder, 'file', 'below'), /is no folder/],
    [join(state, 'identity', 'key.pem'), /state folder/],
    [join(state, 'components', 'other', 'data', 'x'), /state folder/],
    ['/etc/shadow', /no package/],
    ['/etc/sudoers.d/shop', /no package/],
  ];
  for (const [to, message] of attempts) {
    const result = await converge(state, await bench.wanted([templated(to, 'x')]));
    const reason = result.waiting.get('thing');
    assert.equal(reason?.code, 'E_FILE_DENIED', to);
    assert.match(reason?.message ?? '', message);
  }
  const strange = templated(join(bench.folder, 'new'), 'x', { owner: 'nobody-of-this-name' });
  const result = await converge(state, await bench.wanted([strange]));
  assert.match(result.waiting.get('thing')?.message ?? '', /no user nobody-of-this-name/);
});

test('no link that others could have planted leads a file elsewhere', async (context) => {
  if (!isRoot) return context.skip('needs a folder of another user');
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  await chmod(bench.folder, 0o755);
  const victim = join(bench.folder, 'victim');
  await mkdir(victim);
  const theirs = join(bench.folder, 'theirs');
  await mkdir(theirs);
  await chown(theirs, 65_534, 65_534);
  await symlink(victim, join(theirs, 'conf'));
  const through = await converge(state, await bench.wanted([templated(join(theirs, 'conf', 'x.conf'), 'x')]));
  assert.match(
    through.waiting.get('thing')?.message ?? '',
    /conf is a link that others than root can change/,
  );
  assert.deepEqual(await readdir(victim), []);

  // Of the place itself, and of the name beside it that is written first, a link is replaced and never followed.
  await writeFile(join(victim, 'file'), 'untouched');
  const to = join(theirs, 'x.conf');
  await symlink(join(victim, 'file'), to);
  const one = await bench.wanted([templated(to, 'new')]);
  await converge(state, one);
  assert.equal(await readFile(to, 'utf8'), 'new');
  assert.equal(await readFile(join(victim, 'file'), 'utf8'), 'untouched');

  // What root itself linked is followed: /var/run is such a one.
  await symlink(victim, join(bench.folder, 'run'));
  await converge(state, await bench.wanted([templated(join(bench.folder, 'run', 'y.conf'), 'y')]));
  assert.equal(await readFile(join(victim, 'y.conf'), 'utf8'), 'y');
});

test('two components that want one place on a host do not both get it', async (context) => {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const outside = join(bench.folder, 'etc');
  const a = placingPackage({ version: '1.0.0', outside, component: 'a' });
  const b = placingPackage({ version: '2.0.0', outside, component: 'b' });
  const result = await converge(state, await bench.wanted([a, b]));
  assert.equal(result.waiting.get('b')?.code, 'E_COMPONENT_CONFLICT');
  assert.match(await readFile(join(outside, 'main.conf'), 'utf8'), /^version 1\.0\.0/);
});

test('a component that becomes one of another kind takes its files with it', async (context) => {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const to = join(bench.folder, 'out');
  await converge(state, await bench.wanted([templated(to, 'x')]));
  const service = testPackage({
    component: 'thing',
    version: '2.0.0',
    kind: 'service',
    files: { 'main.cjs': 'setInterval(() => {}, 1000)' },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
    service: { command: ['${node}', 'main.cjs'] },
  });
  const result = await converge(state, await bench.wanted([service]));
  assert.equal(result.slots.get('thing')?.record?.installed?.version, '2.0.0');
  await assert.rejects(stat(to), { code: 'ENOENT' });
  await converge(state, await bench.wanted([templated(to, 'y')]));
  assert.equal(await readFile(to, 'utf8'), 'y');
});

function templated(to: string, text: string, more: { owner?: string; mode?: string } = {}): TestPackage {
  return testPackage({
    component: 'thing',
    version: '1.0.0',
    files: { 'a.tmpl': text },
    config: { port: 1 },
    install: { install: [{ from: 'a.tmpl', to, template: true, ...more }] },
  });
}
