import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { HostDetail, Topology } from '@xylem/root/contract';
import { countingProxy, startNode, startRoot, waitUntil } from '@xylem/testkit';
import { operatorHere } from './testing/operator-here.ts';

const environment = 'acme/production';
const sizeBytes = 4_000_000;

test("what a relay and its own host need crosses the relay's link once, and its parent is the one above it", {
  timeout: 120_000,
}, async (t) => {
  const { at, xylem, folder } = await operatorHere(t, 'relay-own-host');
  await startRoot(xylem, at('root'), 'acme');
  writeFileSync(at('production.yaml'), `environment: ${environment}\nproducts:\n  shop: {}\n`);
  await xylem.command(['env', 'create', environment, '--file', at('production.yaml')]);
  const { url } = (await xylem.command(['token', 'create', '--env', environment])) as { url: string };
  const link = await countingProxy(t, { port: Number(new URL(url).port) });
  const linkUrl = `https://127.0.0.1:${link.port}`;
  const relay = (name: string, parent: string) =>
    startNode(xylem, { name, environment, state: at(name), parent, serve: true });
  const upper = (await relay('upper', linkUrl)) ?? '';
  await relay('lower', upper);

  mkdirSync(at('tree'));
  writeFileSync(at('tree', 'big.bin'), randomBytes(sizeBytes));
  writeFileSync(at('xylem.yaml'), 'product: shop\ncomponent: big\nversion: 1.0.0\nfolder: tree\n');
  await xylem.command(['package', 'publish', folder]);
  await xylem.command(['release', 'create', 'shop@1.0.0', '--with', 'big@1.0.0']);
  const before = link.bytesDown();
  await xylem.command(['deploy', 'shop@1.0.0', '--to', environment, '--strategy', 'all-at-once', '--watch']);
  const crossed = link.bytesDown() - before;
  assert.ok(crossed > sizeBytes && crossed < sizeBytes * 1.1, `${crossed} bytes`);

  const { nodes } = (await xylem.command(['topology'])) as Topology;
  const idOf = (name: string): string | undefined => nodes.find((one) => one.name === name)?.id;
  assert.deepEqual(
    nodes.map(({ name, parent, parentUrl }) => [name, parent, parentUrl]),
    [
      ['upper', null, linkUrl],
      ['lower', idOf('upper'), upper],
    ],
  );

  // Its relay ends: its host goes on with what is above.
  await xylem.command(['host', 'serve', 'lower', '--stop', '--yes']);
  const shown = async () => (await xylem.command(['host', 'show', 'lower'])) as HostDetail;
  await waitUntil(async () => !(await shown()).serve);
  writeFileSync(at('xylem.yaml'), 'product: shop\ncomponent: big\nversion: 2.0.0\nfolder: tree\n');
  await xylem.command(['package', 'publish', folder]);
  await xylem.command(['release', 'create', 'shop@2.0.0', '--with', 'big@2.0.0']);
  await xylem.command(['deploy', 'shop@2.0.0', '--to', environment, '--strategy', 'all-at-once', '--watch']);
  assert.equal((await shown()).parent?.url, upper);
});
