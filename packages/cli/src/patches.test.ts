import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Explanation } from '@xylem/agent';
import type { Patches } from '@xylem/root/contract';
import { countingProxy, startNode, startRoot, waitUntil } from '@xylem/testkit';
import { operatorHere } from './testing/operator-here.ts';

const environment = 'acme/production';
const before = randomBytes(4_000_000);
/** What follows an insertion has moved, and a place in many chunks differs, as in programs that were built anew. */
const after = (() => {
  const moved = Buffer.concat([
    before.subarray(0, 1_000_000),
    Buffer.from('new'),
    before.subarray(1_000_000),
  ]);
  for (let at = 50_000; at < moved.length; at += 100_000) moved.writeUInt32LE(at, at);
  return moved;
})();

test('between two versions a patch is made by itself, and goes through a relay to a host instead of chunks', {
  timeout: 180_000,
}, async (t) => {
  const { at, xylem, folder, json } = await operatorHere(t, 'patches');
  await startRoot(xylem, at('root'), 'acme');
  writeFileSync(at('production.yaml'), `environment: ${environment}\nproducts:\n  shop: {}\n`);
  await xylem.command(['env', 'create', environment, '--file', at('production.yaml')]);
  const relay = await startNode(xylem, { name: 'relay', environment, state: at('relay'), serve: true });
  const link = await countingProxy(t, { port: Number(new URL(relay ?? '').port) });
  const parent = `https://127.0.0.1:${link.port}`;
  await startNode(xylem, { name: 'leaf', environment, state: at('leaf'), parent });

  mkdirSync(at('tree'));
  const release = async (version: string, content: Buffer): Promise<void> => {
    writeFileSync(at('tree', 'program.bin'), content);
    writeFileSync(at('tree', 'VERSION'), version);
    writeFileSync(at('xylem.yaml'), `product: shop\ncomponent: program\nversion: ${version}\nfolder: tree\n`);
    await xylem.command(['package', 'publish', folder]);
    await xylem.command(['release', 'create', `shop@${version}`, '--with', `program@${version}`]);
  };
  const deploy = (version: string) =>
    xylem.command(['deploy', `shop@${version}`, '--to', environment, '--strategy', 'all-at-once', '--watch']);
  await release('1.0.0', before);
  await deploy('1.0.0');
  await release('2.0.0', after);
  const patches = async () => (await json<Patches>('patches --product shop')).patches;
  await waitUntil(async () => (await patches())[0]?.state === 'made', 60_000);
  const [made] = await patches();
  assert.equal(`${made?.from} ${made?.to} ${made?.hosts}`, '1.0.0 2.0.0 2');
  const sizeBytes = made?.sizeBytes ?? 0;
  assert.ok(sizeBytes < 2_000 && (made?.chunkBytes ?? 0) > 2_000_000, JSON.stringify(made));

  const crossed = { down: link.bytesDown(), up: link.bytesUp() };
  await deploy('2.0.0');
  const [down, up] = [link.bytesDown() - crossed.down, link.bytesUp() - crossed.up];
  assert.ok(down + up < sizeBytes + 40_000, `${down} bytes down, ${up} up`);
  for (const name of ['relay', 'leaf']) {
    const log = await readFile(at('logs', `${name}.log`), 'utf8');
    assert.match(log, /patch applied/, name);
  }
  const { components } = await json<Explanation>(['agent', 'explain', '--state', at('leaf'), '--transfer']);
  const transfer = components[0]?.transfer;
  assert.equal(transfer?.choice?.kind, 'patch');
  assert.deepEqual(
    transfer?.choice?.roads.map(({ kind, bytes }) => [kind, bytes]),
    [
      ['patch', sizeBytes],
      ['chunks', made?.chunkBytes],
    ],
  );
  assert.ok((transfer?.took.requests ?? 9) <= 2, JSON.stringify(transfer));
  await waitUntil(async () => (await patches())[0]?.wentOver === 2, 60_000);
  const [over] = await patches();
  assert.equal(over?.taken, 2);
  // Beside the patch nothing but what a host asks for by the way came to either.
  const most = 2 * ((made?.chunkBytes ?? 0) - sizeBytes);
  assert.ok((over?.savedBytes ?? 0) <= most && (over?.savedBytes ?? 0) > most - 10_000, JSON.stringify(over));
});
