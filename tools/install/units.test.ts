import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bootGuest, type Guest, waitUntil } from '@xylem/testkit';
import { unitsOfPage } from './page-units.ts';

const checkout = join(import.meta.dirname, '..', '..');
const [root, relay] = ['https://root.example:8441', 'https://relay.muc.example:8442'];
const hello = {
  'xylem.yaml': `product: greeting
component: hello
version: 1.0.0
kind: service
service: { command: ['\${node}', server.js] }
health: { tcp: { port: 8080 } }
ports: [8080]
`,
  'server.js': "require('node:http').createServer((_, answer) => answer.end('hello')).listen(8080);\n",
};

/** The process that serves, as its answers come from it; null while none does. */
async function serving(guest: Guest): Promise<string | null> {
  const { stdout } = await guest.exec(['pgrep', '-f', '^/usr/local/bin/node server.js']);
  const ask = ['node', '-e', "fetch('http://127.0.0.1:8080').then((a) => a.text()).then(console.log)"];
  return (await guest.exec(ask)).stdout === 'hello\n' ? stdout.trim() : null;
}

test('the units of docs/install.md: root server, relay and host start, and outlive restarts, a reboot and a power loss', async (t) => {
  if (!existsSync(join(checkout, 'dist/xylem.js')))
    return t.skip('there is no dist/xylem.js: run ./test, or npm run build');
  const guest = await bootGuest(t, { name: 'install', memoryBytes: 1200 * 2 ** 20 });
  if ('skip' in guest) return t.skip(guest.skip);
  const units = await unitsOfPage();
  const xylem = async (...words: string[]): Promise<Record<string, string>> =>
    JSON.parse(
      await guest.run(['xylem', ...words, '--json'], {
        user: 'xylem',
        env: { XYLEM_HOME: '/var/lib/xylem/operator' },
      }),
    ) as Record<string, string>;
  const enable = (unit: string): Promise<string> => guest.run(['systemctl', 'enable', '--now', unit]);

  await guest.write('/etc/hosts', '127.0.0.1 localhost install root.example relay.muc.example\n');
  const user = ['--system', '--home-dir', '/var/lib/xylem', '--shell', '/usr/sbin/nologin', 'xylem'];
  await guest.run(['useradd', ...user]);
  await guest.run(['install', '-d', '-o', 'xylem', '-g', 'xylem', '-m', '0700', '/var/lib/xylem']);
  const made = await xylem('root', 'init', '--state', '/var/lib/xylem/root', '--tenant', 'acme');
  await guest.write('/etc/systemd/system/xylem-root.service', units.root);
  await enable('xylem-root');
  const login = ['login', 'http://127.0.0.1:8440', '--token', made.operatorToken ?? '', '--name', 'acme'];
  await waitUntil(() => xylem(...login), 60_000, 'the root server to answer');

  await xylem('env', 'create', 'acme/production');
  // The relay stands in an environment of its own: both hosts on one machine would start the service, on one port.
  await xylem('env', 'create', 'acme/relays');
  const join1 = await xylem(
    'token',
    'create',
    '--env',
    'acme/relays',
    '--serve',
    '--serves',
    'acme/production',
  );
  assert.equal(join1.url, root);
  const relayState = '/var/lib/xylem/relay';
  const relayHost = ['--serve', '--name', 'relay-muc', '--state', relayState];
  await xylem('join', root, '--token', join1.token ?? '', ...relayHost);
  // Two hosts on one machine: only the folder differs from the page's.
  const relayUnit = units.relay.replace('/var/lib/xylem/host', relayState);
  await guest.write('/etc/systemd/system/xylem-relay.service', relayUnit);
  await enable('xylem-relay');
  const join2 = await xylem('token', 'create', '--env', 'acme/production', '--label', 'role=web');
  const host = ['--token', join2.token ?? '', '--name', 'web-1', '--state', '/var/lib/xylem/host'];
  await waitUntil(() => xylem('join', relay, ...host), 60_000, 'the relay to let a host join');
  await guest.write('/etc/systemd/system/xylem-agent.service', units.agent);
  await enable('xylem-agent');

  for (const [name, text] of Object.entries(hello)) await guest.write(`/srv/hello/${name}`, text);
  await xylem('package', 'publish', '/srv/hello');
  await xylem('release', 'create', 'greeting@1.0.0', '--with', 'hello@1.0.0');
  await xylem('deploy', 'greeting@1.0.0', '--to', 'acme/production');
  const first = await waitUntil(() => serving(guest), 90_000, 'the service');

  await guest.run(['systemctl', 'restart', 'xylem-agent']);
  await guest.run(['systemctl', 'kill', '-s', 'SIGKILL', '--kill-whom=main', 'xylem-agent']);
  const isUp = async (unit: string): Promise<boolean> =>
    (await guest.exec(['systemctl', 'is-active', unit])).code === 0;
  await waitUntil(() => isUp('xylem-agent'), 30_000, 'the agent, started again');
  assert.equal(await serving(guest), first, 'the service goes on in the same process');

  await guest.reboot();
  await waitUntil(() => serving(guest), 60_000, 'the service after a reboot');
  await guest.powerOff();
  await guest.boot();
  await waitUntil(() => serving(guest), 60_000, 'the service after a power loss');
  for (const unit of ['xylem-root', 'xylem-relay', 'xylem-agent']) {
    await waitUntil(() => isUp(unit), 60_000, `${unit} after a power loss`);
  }
  const { stdout } = await guest.exec(['systemctl', 'list-units', '--failed', '--no-legend', 'xylem-*']);
  assert.equal(stdout.trim(), '');
});
