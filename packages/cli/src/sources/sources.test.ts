import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock, systemRandomness } from '@xylem/platform';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { openApi } from '../api/client.ts';
import { createHome } from '../home/home.ts';
import { type RootHere, rootHere } from '../testing/root-here.ts';
import { listenForHooks } from './hook.ts';
import { readSource } from './read-source.ts';
import { watchSources } from './watch.ts';

const manifest = 'product: shop\ncomponent: shop-web\nversion: 0.0.0\nfolder: out\n';

interface Shown {
  readonly channel: string | undefined;
  readonly versions: readonly string[];
}

async function shown(root: RootHere): Promise<Shown> {
  const said = async (words: string[]) => JSON.parse((await root.xylem([...words, '--json'])).stdout);
  const { channels } = (await said(['channel', 'list', 'shop'])) as { channels: { version: string }[] };
  const { releases } = (await said(['release', 'list', 'shop'])) as { releases: { version: string }[] };
  return { channel: channels[0]?.version, versions: releases.map(({ version }) => version).toSorted() };
}

async function synced(root: RootHere, file: string): Promise<{ did: string; said: string }> {
  const { code, stdout, stderr } = await root.xylem(['source', 'sync', file, '--json']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

async function writeSource(t: Pick<TestContext, 'after'>, origin: string, more = ''): Promise<string> {
  const folder = await tempFolder(t, 'source');
  const file = join(folder, 'shop.yaml');
  writeFileSync(join(folder, 'web.yaml'), manifest);
  const packages = 'packages: [{ folder: ., manifest: web.yaml }]';
  writeFileSync(file, `source: shop\n${origin}\n${packages}\nchannel: edge\n${more}`);
  return file;
}

test('tags of a git repository become releases, built as the description says; a hook has it looked at', async (t) => {
  const root = await rootHere(t);
  const repository = await tempFolder(t, 'git');
  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...words], { cwd: repository });
  const tagged = (version: string) => {
    writeFileSync(join(repository, 'page.in'), `shop ${version}`);
    git('add', '.');
    git('commit', '-q', '-m', version);
    git('tag', `v${version}`);
  };
  git('init', '-q');
  tagged('1.0.0');
  git('tag', 'v2.0.0-rc.1');
  git('tag', 'other-9.0.0');
  const build = 'build: [[mkdir, out], [cp, page.in, out/page]]\n';
  const file = await writeSource(t, `git: { repository: "file://${repository}", tags: "v*" }`, build);
  assert.equal((await synced(root, file)).did, 'release');
  assert.deepEqual(await shown(root), { channel: '1.0.0', versions: ['1.0.0'] });
  assert.match((await synced(root, file)).said, /1\.0\.0 is released/);

  // What can't be built is said, and holds nothing up once it can.
  tagged('1.1.0');
  const description = readFileSync(file, 'utf8');
  writeFileSync(file, description.replace('[cp,', '[cat, missing], [cp,'));
  const failed = await root.xylem(['source', 'sync', file]);
  assert.equal(failed.code, 9);
  assert.match(failed.stderr, /`cat missing` failed \(1\).*missing/s);
  assert.deepEqual((await shown(root)).versions, ['1.0.0']);
  writeFileSync(file, description);

  const home = createHome({ XYLEM_HOME: root.home });
  const api = await openApi(await home.context(), {});
  t.after(() => api.close());
  const ending = new AbortController();
  const lines: string[] = [];
  const quiet = { update: () => undefined, done: () => undefined };
  const terminal = { line: (text: string) => lines.push(text), note: () => undefined, progress: () => quiet };
  const self = [process.execPath] as const;
  const ports = { home, clock: systemClock, randomness: systemRandomness, signal: ending.signal, self };
  const hook = await listenForHooks('127.0.0.1:0', 'a secret of sixteen');
  t.after(() => hook.close());
  const watching = watchSources(
    { ...ports, terminal: terminal as never },
    api,
    [await readSource(file, ending.signal)],
    {
      everyMs: 3_600_000,
      woken: hook.next,
    },
  );
  await waitUntil(() => lines.some((line) => line.includes('shop@1.1.0 is released')), 60_000);

  tagged('1.2.0');
  const post = async (headers: Record<string, string>, method = 'POST') =>
    (await fetch(hook.address, { method, headers, ...(method === 'POST' ? { body: '{}' } : {}) })).status;
  assert.equal(await post({ 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }), 401);
  assert.equal(await post({}), 401);
  assert.equal(await post({}, 'GET'), 405);
  const signed = createHmac('sha256', 'a secret of sixteen').update('{}').digest('hex');
  assert.equal(await post({ 'x-hub-signature-256': `sha256=${signed}` }), 202);
  await waitUntil(() => lines.some((line) => line.includes('shop@1.2.0 is released')), 60_000);

  // A person who goes back is not overruled.
  assert.equal((await root.xylem(['channel', 'set', 'shop/edge', '1.1.0'])).code, 0);
  assert.equal(await post({ authorization: 'Bearer a secret of sixteen' }), 202);
  await waitUntil(() => lines.some((line) => line.includes('stays there')), 60_000);
  assert.equal((await shown(root)).channel, '1.1.0');
  ending.abort();
  await watching;
});

test('folders and a tag of npm become releases; what is half written or damaged does not', async (t) => {
  const root = await rootHere(t);
  const made = await tempFolder(t, 'made');
  const versionFolder = (name: string) => {
    mkdirSync(join(made, name, 'out'), { recursive: true });
    writeFileSync(join(made, name, 'out', 'page'), name);
  };
  versionFolder('1.0.0');
  versionFolder('1.1.0.partial');
  const file = await writeSource(t, `folder: ${made}`);
  assert.equal((await synced(root, file)).did, 'release');
  assert.equal((await synced(root, file)).did, 'nothing');
  renameSync(join(made, '1.1.0.partial'), join(made, '1.1.0'));
  assert.equal((await synced(root, file)).did, 'release');
  assert.deepEqual(await shown(root), { channel: '1.1.0', versions: ['1.0.0', '1.1.0'] });

  const packed = join(await tempFolder(t, 'npm'), 'package');
  cpSync(join(made, '1.1.0'), packed, { recursive: true });
  const archive = execFileSync('tar', ['-cz', '-C', join(packed, '..'), 'package']);
  let served = Buffer.from(archive);
  const registry = createServer((request, response) => {
    const { port } = registry.address() as AddressInfo;
    if (request.url?.endsWith('.tgz') === true) return response.end(served);
    const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
    const version = '1.2.0';
    const dist = { integrity, tarball: `http://127.0.0.1:${port}/shop/-/shop-1.2.0.tgz` };
    response.setHeader('content-type', 'application/json');
    const body = {
      name: 'shop',
      'dist-tags': { next: version },
      versions: { [version]: { name: 'shop', version, dist } },
    };
    return response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  t.after(() => registry.close());
  const { port } = registry.address() as AddressInfo;
  const npm = await writeSource(
    t,
    `npm: { package: shop, tag: next, registry: "http://127.0.0.1:${port}/" }`,
  );
  served = Buffer.concat([archive, Buffer.from('more')]);
  const damaged = await root.xylem(['source', 'sync', npm]);
  assert.equal(damaged.code, 9, damaged.stderr);
  assert.match(damaged.stderr, /EINTEGRITY/);
  served = archive;
  assert.equal((await synced(root, npm)).did, 'release');
  assert.deepEqual(await shown(root), { channel: '1.2.0', versions: ['1.0.0', '1.1.0', '1.2.0'] });
});
