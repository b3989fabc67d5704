import assert from 'node:assert/strict';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ResponseOf } from '@xylem/root/contract';
import {
  freePort,
  installDebian,
  removeLater,
  startNode,
  startProcess,
  startRoot,
  waitUntil,
} from '@xylem/testkit';
import { operatorHere } from './testing/operator-here.ts';

const example = join(import.meta.dirname, '../../../docs/examples/haproxy-traffic');
const missing = await installDebian('haproxy');

test('traffic behind a real HAProxy goes to the other group, and is said to when it does', {
  skip: missing?.skip ?? false,
  timeout: 180_000,
}, async (t) => {
  const { at, xylem, json } = await operatorHere(t, 'traffic');
  await startRoot(xylem, at('root'), 'acme');
  const group = async (name: string): Promise<string> => {
    const server = createServer((_request, response) => response.end(name)).listen(0, '127.0.0.1');
    removeLater(t, async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    await new Promise((resolve) => server.once('listening', resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const front = `127.0.0.1:${await freePort()}`;
  const config = { bind: front, blue: [await group('blue')], green: [await group('green')] };
  const products = {
    edges: { components: { edge: { where: 'role = lb', config } } },
    shop: { traffic: { component: 'edge', key: 'serving', label: 'color', groups: ['blue', 'green'] } },
  };
  await writeFile(at('production.yaml'), JSON.stringify({ environment: 'acme/production', products }));
  await json(`env create acme/production --file ${at('production.yaml')}`);

  // The example as it stands, but for where this machine's HAProxy has its file and how it is told.
  await mkdir(at('haproxy'));
  await cp(example, at('edge'), { recursive: true });
  const manifest = await readFile(join(example, 'xylem.yaml'), 'utf8');
  const told = `[/bin/sh, -c, 'kill -USR2 "$(cat ${at('haproxy', 'pid')})" 2>/dev/null || true']`;
  await writeFile(
    at('edge', 'xylem.yaml'),
    manifest
      .replace('/etc/haproxy/haproxy.cfg', at('haproxy', 'haproxy.cfg'))
      .replace('[systemctl, reload, haproxy]', told),
  );
  await json(`package publish ${at('edge')}`);
  await json('release create edges@1.0.0 --with edge@1.0.0');
  const tokenWords = ['--label', 'role=lb'];
  await startNode(xylem, { name: 'lb-1', environment: 'acme/production', state: at('lb-1'), tokenWords });
  await json('deploy edges@1.0.0 --to acme/production --strategy all-at-once --watch --yes --timeout 60');
  await startProcess({
    context: t,
    command: '/usr/sbin/haproxy',
    args: ['-W', '-db', '-f', at('haproxy', 'haproxy.cfg'), '-p', at('haproxy', 'pid')],
  });
  const answers = (name: string) =>
    waitUntil(
      async () =>
        (await fetch(`http://${front}/`).then(
          (r) => r.text(),
          () => '',
        )) === name,
      60_000,
      `${name} to answer`,
    );
  await answers('blue');
  const show = (): Promise<ResponseOf<'trafficShow'>> => json('traffic show shop --in acme/production');
  assert.equal((await show()).traffic[0]?.serving, 'blue');

  await json('traffic switch shop --to green --in acme/production --reason well');
  // It ends with 9 while some have not.
  await waitUntil(
    async () => (await show().catch(() => null))?.traffic[0]?.done === true,
    60_000,
    'all balancers to have applied it',
  );
  await answers('green');
  const [green] = (await show()).traffic;
  assert.deepEqual(
    [green?.serving, green?.number, green?.applied.map(({ name }) => name)],
    ['green', 1, ['lb-1']],
  );
});
