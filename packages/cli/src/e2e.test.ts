import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { HostDetail, HostWhy } from '@xylem/root/contract';
import { freePort, type Program, program, waitUntil, xylemEntry } from '@xylem/testkit';

const node = ['$', '{node}'].join('');
const port = ['$', '{config.port}'].join('');
const data = ['$', '{data}'].join('');

/** Answers with its version, and leaves a mark in its data folder. */
const serverSource = (version: string): string => `
import { createServer } from 'node:http';
import { appendFileSync } from 'node:fs';
const [port, data] = process.argv.slice(2);
appendFileSync(data + '/started', '${version}\\n');
createServer((_, response) => response.end('${version}')).listen(Number(port), '127.0.0.1');
`;

describe('a tree of real processes', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'xylem-e2e-'));
  const state = (name: string): string => join(folder, name);
  let xylem: Program;
  let nodesUrl = '';
  let relayUrl = '';
  let webPort = 0;

  const json = <T>(...words: string[]): Promise<T> => xylem.command(words) as Promise<T>;
  const host = (name: string): Promise<HostDetail> => json('host', 'show', name);
  const answer = async (): Promise<string> => (await fetch(`http://127.0.0.1:${webPort}/`)).text();
  const current = (name: string, component: string): string =>
    join(state(name), 'components', component, 'current');
  const deployed = (...words: string[]): Promise<unknown> =>
    json(...words, '--watch', '--yes', '--timeout', '60');

  async function join_(
    name: string,
    parent: string,
    words: readonly string[] = [],
  ): Promise<string | undefined> {
    const serve = words.includes('--listen') ? ['--serve'] : [];
    const { token } = await json<{ token: string }>(
      'token',
      'create',
      '--env',
      'production',
      '--label',
      `role=${name}`,
      ...serve,
    );
    await json('join', parent, '--token', token, '--name', name, '--state', state(name), ...serve);
    const ready = await xylem.start(name, ['agent', 'run', '--state', state(name), ...words]);
    return (ready as { url?: string }).url;
  }

  function writePackage(
    component: string,
    version: string,
    manifest: string,
    files: Readonly<Record<string, string>>,
  ): string {
    const made = state(`package-${component}-${version}`);
    mkdirSync(join(made, 'tree', 'sub'), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(made, 'tree', name), text);
    writeFileSync(
      join(made, 'xylem.yaml'),
      `product: shop\ncomponent: ${component}\nversion: ${version}\nfolder: tree\n${manifest}`,
    );
    return made;
  }

  async function publish(version: string): Promise<void> {
    const api = `service:\n  command: ['${node}', server.mjs, '${port}', '${data}']\nhealth:\n  http: { port: '${port}' }\n  interval: 100ms\nports: ['${port}']\nconfigDefaults: { port: ${webPort} }\n`;
    await json(
      'package',
      'publish',
      writePackage('api', version, api, { 'server.mjs': serverSource(version) }),
    );
    const files = { 'page.html': `<p>${version}</p>`, 'sub/same.txt': 'same'.repeat(10_000) };
    await json('package', 'publish', writePackage('pages', version, '', files));
    await json(
      'release',
      'create',
      `shop@${version}`,
      '--with',
      `api@${version}`,
      '--with',
      `pages@${version}`,
      '--after',
      'api=pages',
    );
  }

  before(async () => {
    xylem = program({ entry: xylemEntry, home: state('home'), logs: state('logs') });
    webPort = await freePort();
    const { operatorToken } = await json<{ operatorToken: string }>(
      'root',
      'init',
      '--state',
      state('root'),
      '--tenant',
      'acme',
    );
    const listen = ['--api', '127.0.0.1:0', '--listen', '127.0.0.1:0'];
    const ready = (await xylem.start('root', ['root', 'run', '--state', state('root'), ...listen])) as {
      apiUrl: string;
      nodesUrl: string;
    };
    ({ nodesUrl } = ready);
    await json('login', ready.apiUrl, '--token', operatorToken);
    const yaml = state('production.yaml');
    writeFileSync(
      yaml,
      'environment: acme/production\nproducts:\n  shop:\n    components:\n      api: { where: role = web }\n      pages: { where: "role in (web, spare)" }\n',
    );
    await json('env', 'create', 'acme/production', '--file', yaml);
    relayUrl = (await join_('relay', nodesUrl, ['--listen', '127.0.0.1:0'])) ?? '';
    assert.match(relayUrl, /^https:/);
    await Promise.all([join_('web', relayUrl), join_('spare', relayUrl)]);
  });
  after(async () => {
    await xylem.stop();
    for (const name of ['web', 'spare', 'relay']) await xylem.endServices(state(name));
    rmSync(folder, { recursive: true, force: true });
  });

  it('publishes once: the same again changes nothing, other bytes are refused', async () => {
    await publish('1.0.0');
    const again = await json<{ created: boolean; sentBytes: number }>(
      'package',
      'publish',
      state('package-pages-1.0.0'),
    );
    assert.equal(again.created, false);
    writeFileSync(join(state('package-pages-1.0.0'), 'tree', 'page.html'), 'other');
    await assert.rejects(json('package', 'publish', state('package-pages-1.0.0')), /E_PACKAGE_CONFLICT/);
    writeFileSync(join(state('package-pages-1.0.0'), 'tree', 'page.html'), '<p>1.0.0</p>');
    const release = await json<{ created: boolean }>(
      'release',
      'create',
      'shop@1.0.0',
      '--with',
      'pages@1.0.0',
      '--with',
      'api@1.0.0',
      '--after',
      'api=pages',
    );
    assert.equal(release.created, false);
    await assert.rejects(
      json('release', 'create', 'shop@1.0.0', '--with', 'pages@1.0.0'),
      /E_RELEASE_CONFLICT/,
    );
  });

  it('deploys through the relay', async () => {
    await deployed('deploy', 'shop@1.0.0', '--to', 'production');
    assert.equal(await answer(), '1.0.0');
    for (const name of ['web', 'spare']) {
      assert.equal(readFileSync(join(current(name, 'pages'), 'page.html'), 'utf8'), '<p>1.0.0</p>');
      assert.equal((await host(name)).parent?.url, relayUrl);
    }
    assert.equal(existsSync(current('spare', 'api')), false);
    const allWell = async (): Promise<boolean> =>
      (await json<HostWhy>('host', 'why', 'web')).links.every(({ ok }) => ok);
    await waitUntil(allWell, 20_000, 'the host to be where it should be');
  });

  it('follows a channel from there on', async () => {
    await publish('1.1.0');
    await json('channel', 'set', 'shop/stable', '1.1.0');
    await deployed(
      'deploy',
      'shop/stable',
      '--to',
      '*/production',
      '--strategy',
      'rolling',
      '--max-unavailable',
      '1',
    );
    assert.equal(await answer(), '1.1.0');
    const where = JSON.stringify(await json('where', 'shop'));
    assert.match(where, /"version":"1\.1\.0","hosts":2/);
  });

  it('rolls back, with the data folder as it was', async () => {
    await deployed('rollback', 'shop', '--in', 'production');
    assert.equal(await answer(), '1.0.0');
    const started = readFileSync(join(state('web'), 'components', 'api', 'data', 'started'), 'utf8');
    assert.deepEqual(started.trim().split('\n'), ['1.0.0', '1.1.0', '1.0.0']);
  });

  it('labels move components, and a move changes the parent only', async () => {
    await json('host', 'label', 'spare', 'role=idle');
    await waitUntil(() => !existsSync(current('spare', 'pages')), 30_000, 'the component to leave the host');
    await json('host', 'move', 'web', '--parent', nodesUrl, '--at-once');
    await waitUntil(
      async () => (await host('web')).parent?.url === nodesUrl,
      30_000,
      'the host to have moved',
    );
    assert.equal(await answer(), '1.0.0');
    await json('host', 'move', 'web', '--as-joined');
    await waitUntil(async () => (await host('web')).parent?.url === relayUrl, 30_000, 'the host to be back');
  });

  it('says why a host is not where it should be', async () => {
    writeFileSync(join(state('package-api-1.1.0'), 'tree', 'server.mjs'), 'process.exit(1)');
    await json('package', 'publish', state('package-api-1.1.0'), '--version', '1.2.0');
    await json(
      'release',
      'create',
      'shop@1.2.0',
      '--with',
      'api@1.2.0',
      '--with',
      'pages@1.1.0',
      '--after',
      'api=pages',
    );
    await assert.rejects(deployed('deploy', 'shop@1.2.0', '--to', 'production'), /ended with 9/);
    const why = await json<HostWhy>('host', 'why', 'web');
    const reasons = why.links.filter(({ ok }) => !ok).map(({ link }) => link);
    assert.ok(reasons.includes('components'), JSON.stringify(why));
    assert.match(JSON.stringify(why.links), /ended by itself/);
    assert.equal(await answer(), '1.0.0');
  });

  it('undeploys in reverse, keeping data, and retires', async () => {
    await deployed('undeploy', 'shop', '--from', 'production');
    await assert.rejects(answer());
    assert.equal(existsSync(current('web', 'pages')), false);
    assert.equal(existsSync(join(state('web'), 'components', 'api', 'data', 'started')), true);
    await json('host', 'retire', 'spare');
    assert.equal((await host('spare')).retired, true);
  });
});
