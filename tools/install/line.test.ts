import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { bootGuest, program, removeLater, tempFolder, waitUntil } from '@xylem/testkit';

const checkout = join(import.meta.dirname, '..', '..');
const main = join(checkout, 'dist/xylem.js');
/** In the guest; what `tools/build-agent.ts` makes has a test of its own. */
const executable = '#!/bin/sh\nexec /usr/local/bin/node /opt/xylem/dist/xylem.js "$@"\n';

interface TokenCreated {
  readonly line: string;
  readonly install: { readonly domain: string; readonly script: string } | null;
}

test('one line makes a new machine a host, from a relay that knows of it by direction alone', async (t) => {
  if (!existsSync(main)) return t.skip('there is no dist/xylem.js: run ./test, or npm run build');
  const guest = await bootGuest(t, { name: 'new', network: 'host' });
  if ('skip' in guest) return t.skip(guest.skip);
  const folder = await tempFolder(t, 'line');
  const at = (...names: string[]): string => join(folder, ...names);
  const xylem = program({ entry: main, home: at('home'), logs: at('logs') });
  removeLater(t, () => xylem.stop());
  const json = async <T>(line: string): Promise<T> => (await xylem.command(line.split(' '))) as T;
  const publish = async (name: string, files: Record<string, string>, to: string): Promise<void> => {
    await mkdir(at(name), { recursive: true });
    for (const [file, text] of Object.entries(files)) {
      await writeFile(at(name, file), text, { mode: file === 'xylem.yaml' ? 0o644 : 0o755 });
    }
    await json(`package publish ${at(name)}`);
    const [release = '', component = ''] = to.split(' ');
    await json(`release create ${release} --with ${component}`);
    await json(`deploy ${release} --to production --yes`);
  };

  const { operatorToken } = await json<{ operatorToken: string }>(
    `root init --state ${at('root')} --tenant acme`,
  );
  const words = ['root', 'run', '--state', at('root'), '--api', '127.0.0.1:0', '--listen', '127.0.0.1:0'];
  const { apiUrl, nodesUrl } = (await xylem.start('root', words)) as Record<'apiUrl' | 'nodesUrl', string>;
  await json(`login ${apiUrl} --token ${operatorToken}`);
  await writeFile(
    at('production.yaml'),
    `environment: acme/production
products:
  xylem: { components: { xylem-agent: { where: role = web } } }
  greeting: { components: { hello: { where: role = web } } }
`,
  );
  await json(`env create acme/production --file ${at('production.yaml')}`);
  const relayToken = await json<{ token: string; line: null }>('token create --env production --serve');
  assert.equal(relayToken.line, null, 'there is no agent to install yet');
  await json(`join ${nodesUrl} --token ${relayToken.token} --serve --name relay --state ${at('relay')}`);
  const relayWords = ['agent', 'run', '--state', at('relay'), '--listen', '127.0.0.1:0'];
  const { url: relay } = (await xylem.start('relay', relayWords)) as { url: string };

  const agent =
    'product: xylem\ncomponent: xylem-agent\nversion: 1.0.0\nkind: agent\nagent: { executable: xylem-agent }\n';
  await publish('agent', { 'xylem.yaml': agent, 'xylem-agent': executable }, 'xylem@1.0.0 xylem-agent@1.0.0');
  const made = await waitUntil(
    async () => {
      const created = await json<TokenCreated>(
        `token create --env production --label role=web --parent ${relay}`,
      );
      return created.install === null ? null : created;
    },
    30_000,
    'direction to name the agent',
  );
  const { domain = '', script = '' } = made.install ?? {};
  assert.ok(made.line.includes(relay));
  assert.ok(!made.line.includes(nodesUrl), 'the relay is all that the machine is told of');
  const inGuest = (line: string) => guest.exec(['sh', '-c', line], { timeoutMs: 120_000 });
  const isServed = async (object: string): Promise<boolean> => {
    const { stdout } = await guest.exec(['curl', '-ksI', `${relay}/o/${domain}/${object}`]);
    return stdout.startsWith('HTTP/1.1 200');
  };
  await waitUntil(() => isServed(script), 60_000, 'the relay to have the script');
  const onRelay = at('relay', 'relay', 'repository', 'o', domain, script);
  const text = await readFile(onRelay, 'utf8');
  const archive = /^agents='\* ([0-9a-f]{64})/m.exec(text)?.[1] ?? assert.fail('the script names no archive');
  assert.ok(await isServed(archive));
  const trees = await guest.exec(['curl', '-ksI', `${relay}/r/${domain}/metadata/timestamp.json`]);
  assert.match(trees.stdout, /^HTTP\/1.1 404/, 'and nothing else to who has no certificate');

  // A relay that lies.
  for (const object of [script, archive]) {
    const path = at('relay', 'relay', 'repository', 'o', domain, object);
    const was = await readFile(path);
    // Not in place: equal objects of several domains are one file.
    await rm(path);
    await writeFile(path, object === script ? 'touch /root/owned\n' : was.fill(7, 20, 21));
    const refused = await inGuest(made.line);
    assert.equal(refused.code, 7, refused.stdout + refused.stderr);
    assert.match(refused.stderr, /E_OBJECT_DIGEST/);
    if (object === script) await writeFile(path, text);
    else
      await writeFile(
        path,
        was.fill((await readFile(at('root', 'repository', 'o', domain, archive)))[20] ?? 0, 20, 21),
      );
  }
  assert.equal(
    (await guest.exec(['ls', '/root/owned', '/usr/local/bin/xylem-agent', '/var/lib/xylem'])).stdout,
    '',
  );

  const installed = await inGuest(`${made.line} --name web-1`);
  assert.equal(installed.code, 0, installed.stderr);
  const states = async (): Promise<unknown> =>
    (await json<{ hosts: { name: string; state: string }[] }>('host list')).hosts.find(
      ({ name }) => name === 'web-1',
    );
  await waitUntil(states, 30_000, 'the host to be listed');
  const hello = 'product: greeting\ncomponent: hello\nversion: 1.0.0\nkind: files\n';
  await publish('hello', { 'xylem.yaml': hello, 'hello.txt': 'hello\n' }, 'greeting@1.0.0 hello@1.0.0');
  const arrived = '/var/lib/xylem/host/components/hello/current/hello.txt';
  await waitUntil(
    async () => (await guest.exec(['cat', arrived])).stdout === 'hello\n',
    60_000,
    'the host to converge',
  );
  assert.equal(await guest.run(['stat', '-c', '%U', '/var/lib/xylem/host']), 'xylem');
  const pid = await guest.run(['systemctl', 'show', '-P', 'MainPID', 'xylem-agent']);
  const again = await inGuest(made.line);
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stdout, /has joined already/);
  assert.equal(await guest.run(['systemctl', 'show', '-P', 'MainPID', 'xylem-agent']), pid);
  const history = await guest.exec([
    'grep',
    '-rlF',
    made.line.slice(-120, -60),
    '/var/lib/xylem',
    '/usr/local/bin',
    '/etc',
  ]);
  assert.equal(history.stdout, '', 'the token is written nowhere');
});
