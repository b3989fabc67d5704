import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bootGuest, waitUntil } from '@xylem/testkit';
import { unitsOfPage } from './page-units.ts';

const shop = (version: string): Record<string, string> => ({
  'xylem.yaml': `product: shop
component: shop
version: ${version}
kind: service
service:
  command: ['\${node}', server.js, '\${port}', ${version}]
  switch:
    mode: blue-green
    ports: [18080, 18081]
    router: { builtin: { listen: '127.0.0.1:8080' } }
health: { http: { port: '\${port}', path: / } }
`,
  'server.js': `let ends = false;
const [port, version] = process.argv.slice(2);
const server = require('node:http').createServer((_, answer) => {
  if (ends) answer.setHeader('connection', 'close');
  answer.end(version);
}).listen(Number(port), '127.0.0.1');
process.on('SIGTERM', () => { ends = true; server.close(() => process.exit(0)); });
`,
});

test('a service behind the built-in forwarder loses no request while its agent, a unit too, is restarted and killed, and serves after reboots without it', async (t) => {
  if (!existsSync(join(import.meta.dirname, '../../dist/xylem.js')))
    return t.skip('there is no dist/xylem.js: run ./test, or npm run build');
  const guest = await bootGuest(t, { name: 'shop', memoryBytes: 1200 * 2 ** 20 });
  if ('skip' in guest) return t.skip(guest.skip);
  const units = await unitsOfPage();
  const operator = { env: { XYLEM_HOME: '/root/operator' } };
  const xylem = async (...words: string[]): Promise<Record<string, string>> =>
    JSON.parse(await guest.run(['xylem', ...words, '--json'], operator)) as Record<string, string>;
  const enable = (unit: string): Promise<string> => guest.run(['systemctl', 'enable', '--now', unit]);
  const answer = async (port = 8080): Promise<string> => {
    const url = `http://127.0.0.1:${port}`;
    return (await guest.exec(['curl', '-s', '--max-time', '5', url])).stdout;
  };
  const answers = (version: string): Promise<unknown> =>
    waitUntil(async () => (await answer()) === version, 90_000, `answers of ${version}`);
  const pids = async (): Promise<string> => {
    const of = ['@forwarder', 'shop@blue', 'shop@green'].map((name) => `xylem-service-${name}`);
    return await guest.run(['systemctl', 'show', '-P', 'MainPID', ...of]);
  };

  await guest.write('/etc/hosts', '127.0.0.1 localhost root.example\n');
  const asRoot = (unit: string): string => unit.replace(/^User=.*\n/m, '');
  await guest.run(['install', '-d', '-m', '0700', '/var/lib/xylem']);
  const made = await xylem('root', 'init', '--state', '/var/lib/xylem/root', '--tenant', 'acme');
  await guest.write('/etc/systemd/system/xylem-root.service', asRoot(units.root));
  await enable('xylem-root');
  const login = ['login', 'http://127.0.0.1:8440', '--token', made.operatorToken ?? '', '--name', 'acme'];
  const rootAnswers = (): Promise<unknown> => waitUntil(() => xylem(...login), 60_000, 'the root server');
  await rootAnswers();
  await xylem('env', 'create', 'acme/production');
  const { token = '', url = '' } = await xylem('token', 'create', '--env', 'acme/production');
  await xylem('join', url, '--token', token, '--name', 'web-1', '--state', '/var/lib/xylem/host');
  // Without the line that spares the rest of its group: what serves must not be of the agent's group at all.
  const agent = asRoot(units.agent).replace(/^KillMode=.*\n/m, '');
  await guest.write('/etc/systemd/system/xylem-agent.service', agent);
  await enable('xylem-agent');
  for (const version of ['1.0.0', '2.0.0']) {
    for (const [name, text] of Object.entries(shop(version)))
      await guest.write(`/srv/${version}/${name}`, text);
    await xylem('package', 'publish', `/srv/${version}`);
    await xylem('release', 'create', `shop@${version}`, '--with', `shop@${version}`);
  }
  const deploy = async (version: string): Promise<void> => {
    await xylem('deploy', `shop@${version}`, '--to', 'acme/production', '--watch');
    await answers(version);
  };
  await deploy('1.0.0');

  const until = '/opt/xylem/tools/install/load-until-main.ts';
  const load = guest.run(['node', until, '8080', '200', '/srv/enough'], { timeoutMs: 300_000 });
  await deploy('2.0.0');
  assert.equal(await answer(18080), '1.0.0', 'the former version is warm');
  const before = await pids();
  const isUp = async (): Promise<boolean> =>
    (await guest.exec(['systemctl', 'is-active', 'xylem-agent'])).code === 0;
  await guest.run(['systemctl', 'restart', 'xylem-agent']);
  await guest.run(['systemctl', 'kill', '-s', 'SIGKILL', 'xylem-agent']);
  await waitUntil(isUp, 30_000, 'the agent, started again');
  assert.equal(await pids(), before, 'each goes on in its process');
  await deploy('1.0.0');
  await guest.run(['touch', '/srv/enough']);
  const { sent, answered, faults } = JSON.parse(await load) as Record<string, unknown>;
  assert.deepEqual([answered, faults], [sent, {}]);
  t.diagnostic(`${String(sent)} requests, none lost`);

  await deploy('2.0.0');
  await guest.reboot();
  await answers('2.0.0');
  await rootAnswers();
  await deploy('1.0.0');
  await guest.run(['systemctl', 'disable', 'xylem-agent']);
  await guest.powerOff();
  await guest.boot();
  await answers('1.0.0');
  assert.equal(await isUp(), false);
  await enable('xylem-agent');
  await rootAnswers();
  await deploy('2.0.0');
});
