import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../run.ts';
import { startProcess } from '../start-process.ts';
import { waitUntil } from '../wait-until.ts';
import { networkLab } from './index.ts';

const serving = `
const server = require('node:net').createServer((socket) => {
  socket.on('error', () => undefined);
  socket.end(Buffer.alloc(Number(process.argv[1])));
});
server.listen(7000, '::', () => console.log('ready'));`;
/** Prints how many bytes came, or why none did. */
const asking = `
const socket = require('node:net').connect({ host: process.argv[1], port: 7000, timeout: 1000 });
let bytes = 0;
socket.on('timeout', () => socket.destroy(new Error('silence')));
socket.on('data', (piece) => (bytes += piece.length));
socket.on('error', (error) => console.log(error.code ?? error.message));
socket.on('close', () => console.log(bytes));`;
const node = (script: string, ...words: string[]): string[] => [process.execPath, '-e', script, ...words];

test('nodes find each other by name, and a test slows, cuts, moves and kills them', async (t) => {
  const lab = await networkLab(t);
  if ('skip' in lab) return t.skip(lab.skip);
  const server = await lab.node('server', { link: { rate: '1mbit' } });
  const client = await lab.node('client');
  const served = await server.start(node(serving, '20000'));
  await served.waitForLine(/ready/);
  const ask = (address: string): Promise<string> => client.run(node(asking, address));
  assert.equal(await ask(server.hostName), '20000');
  assert.equal(await ask(server.address4() ?? ''), '20000');
  assert.equal(await ask(server.address6()), '20000');
  const { up } = await lab.carried(server);
  assert.ok(up > 60_000 && up < 80_000, `${up} bytes`);

  await lab.cut(server);
  assert.match(await ask(server.hostName), /silence/);
  await lab.mend(server);
  assert.equal(await ask(server.hostName), '20000');

  const before = server.address4() ?? '';
  await lab.readdress(server);
  assert.equal(await ask(server.hostName), '20000');
  assert.match(await ask(before), /silence|EHOSTUNREACH/);

  await server.kill();
  assert.deepEqual(await served.exited, { code: null, signal: 'SIGKILL' });
  assert.match(await ask(server.hostName), /ECONNREFUSED/);
});

test('a lossy link loses what it says, and a slow one has its rate', async (t) => {
  const lab = await networkLab(t, { ipv6Only: true });
  if ('skip' in lab) return t.skip(lab.skip);
  const server = await lab.node('server');
  const client = await lab.node('client', { link: { rate: '8mbit', loss: 0.2 } });
  assert.equal(client.address4(), null);
  const rules = await client.run(['nft', 'list', 'ruleset']);
  assert.match(rules, /numgen random mod 1000 < 200 drop/);
  assert.match(await client.run(['tc', 'qdisc', 'show', 'dev', 'eth0']), /tbf .*rate 8Mbit/);
  await lab.relink(client, {});
  assert.doesNotMatch(await client.run(['nft', 'list', 'ruleset']), /drop/);
  const served = await server.start(node(serving, '10'));
  await served.waitForLine(/ready/);
  assert.equal(await client.run(node(asking, server.hostName)), '10');
});

test('the next lab removes what one left whose process was killed', async (t) => {
  const first = await networkLab(t);
  if ('skip' in first) return t.skip(first.skip);
  const module = new URL('./index.ts', import.meta.url).href;
  const leaving = `
const { networkLab } = await import('${module}');
const lab = await networkLab({ after: () => undefined });
const node = await lab.node('left');
await node.start(['sleep', '1000']);
console.log('left', node.namespace);
setInterval(() => undefined, 1000);`;
  const child = await startProcess({
    context: t,
    command: process.execPath,
    args: ['--input-type=module', '-e', leaving],
  });
  const [, left = ''] = await child.waitForLine(/^left (.*)$/);
  const namespaces = async (): Promise<string> => (await run('/usr/sbin/ip', ['netns', 'list'])).stdout;
  await child.kill();
  assert.match(await namespaces(), new RegExp(left));
  const own = await networkLab(t);
  assert.ok(!('skip' in own));
  await waitUntil(async () => !(await namespaces()).includes(left));
});
