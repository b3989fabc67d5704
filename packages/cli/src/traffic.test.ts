import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { ResponseOf } from '@xylem/root/contract';
import { edge, installDebian, removeLater, startRoot, waitUntil } from '@xylem/testkit';
import { operatorHere } from './testing/operator-here.ts';

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
  const servers = { blue: [await group('blue')], green: [await group('green')] };
  const { front, product, traffic, start } = await edge(at('edges'), 'acme/production', servers);
  const products = { edges: product, shop: { traffic } };
  await writeFile(at('production.yaml'), JSON.stringify({ environment: 'acme/production', products }));
  await json(`env create acme/production --file ${at('production.yaml')}`);

  await start(t, xylem);
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
