import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, openSync, readdirSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostDetail } from '@xylem/root/contract';
import { countingProxy, startNode, startRoot, waitUntil } from '@xylem/testkit';
import { operatorHere } from './testing/operator-here.ts';

const sizeBytes = 12 * 2 ** 20;
const frameBytes = 2 ** 20;
const environment = 'acme/production';
const yaml = `environment: ${environment}\nproducts:\n  shop:\n    components:\n      big: { where: not role = relay }\n`;
const digestOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Bytes that no compression shrinks, the same in each run. */
function noise(bytes: number): Buffer {
  const block = (n: number): Buffer => createHash('sha256').update(`noise ${n}`).digest();
  return Buffer.concat(Array.from({ length: bytes / 32 }, (_, n) => block(n)));
}

function flipByte(path: string, at: number): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, at);
  writeSync(file, Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, at);
}

test('killed in a transfer, relay and agent lose less than a frame each time; a relay whose disk rots is found out and mends itself', {
  timeout: 180_000,
}, async (t) => {
  const { at, xylem, folder } = await operatorHere(t, 'kill');
  const show = async (name: string): Promise<HostDetail> =>
    (await xylem.command(['host', 'show', name])) as HostDetail;
  const { apiUrl } = await startRoot(xylem, at('root'), 'acme');
  assert.ok(apiUrl);
  writeFileSync(at('production.yaml'), yaml);
  await xylem.command(['env', 'create', environment, '--file', at('production.yaml')]);
  const token = (await xylem.command(['token', 'create', '--env', environment])) as { url: string };

  const packsOfRelay = (): string[] => {
    const objects = at('relay', 'relay', 'repository', 'o');
    return readdirSync(objects, { recursive: true, encoding: 'utf8' })
      .map((name) => join(objects, name))
      .filter((path) => /\/[0-9a-f]{64}$/.test(path) && !path.includes('/offers/'))
      .filter((path) => readFileSync(path).subarray(0, 8).toString() === 'XYLPACK1');
  };

  // Relay and host each fetch through a proxy of their own, so slowly that hardly anything is under way.
  const node = (name: string, parent: string, serve = false) => ({
    name,
    environment,
    state: at(name),
    parent,
    serve,
    tokenWords: ['--label', `role=${name}`],
  });
  const aboveRelay = await countingProxy(t, { port: Number(new URL(token.url).port) });
  const relayUrl =
    (await startNode(xylem, node('relay', `https://127.0.0.1:${aboveRelay.port}`, true))) ?? '';
  const aboveHost = await countingProxy(t, { port: Number(new URL(relayUrl).port) });
  const relayWords = [
    'agent',
    'run',
    '--state',
    at('relay'),
    '--listen',
    `127.0.0.1:${new URL(relayUrl).port}`,
  ];
  const hostWords = ['agent', 'run', '--state', at('host')];

  mkdirSync(at('tree'));
  writeFileSync(at('tree', 'big.bin'), noise(sizeBytes));
  writeFileSync(at('xylem.yaml'), 'product: shop\ncomponent: big\nversion: 1.0.0\nfolder: tree\n');
  await xylem.command(['package', 'publish', folder]);
  await xylem.command(['release', 'create', 'shop@1.0.0', '--with', 'big@1.0.0']);
  const killedTwice = async (
    name: string,
    words: readonly string[],
    proxy: Awaited<ReturnType<typeof countingProxy>>,
  ): Promise<number> => {
    const before = proxy.bytesDown();
    for (const part of [0.3, 0.6]) {
      await waitUntil(() => proxy.bytesDown() - before > sizeBytes * part, 60_000, `${part} at ${name}`);
      await xylem.end(name, 'SIGKILL');
      await xylem.start(name, words);
    }
    return before;
  };
  aboveRelay.fault({ bytesPerSecond: 2 ** 22 });
  aboveHost.fault({ bytesPerSecond: 2 ** 22 });
  await xylem.command(['deploy', 'shop@1.0.0', '--to', environment, '--yes']);
  const relayBefore = await killedTwice('relay', relayWords, aboveRelay);
  // Only now, so that the host has no reason to turn to the root server.
  await waitUntil(() => packsOfRelay().length > 0, 60_000, 'the pack at the relay');
  aboveRelay.heal();
  await startNode(xylem, node('host', `https://127.0.0.1:${aboveHost.port}`));
  const hostBefore = await killedTwice('host', hostWords, aboveHost);
  const current = (name: string): string => at(name, 'components', 'big', 'current', 'big.bin');
  const wanted = digestOf(at('tree', 'big.bin'));
  await waitUntil(() => digestOf(current('host')) === wanted, 60_000, 'the file on the host');
  for (const [name, proxy, before] of [
    ['relay', aboveRelay, relayBefore],
    ['host', aboveHost, hostBefore],
  ] as const) {
    const again = proxy.bytesDown() - before - sizeBytes;
    t.diagnostic(`${name}: ${again} bytes beside the file, with metadata and TLS of three starts`);
    assert.ok(again < 2 * frameBytes, `${name}: ${again} bytes came twice`);
  }

  // The relay's disk rots: who comes now refuses that, gets it from the root server, and says so.
  const packs = packsOfRelay();
  assert.ok(packs.length > 0);
  for (const pack of packs) flipByte(pack, 5000);
  await startNode(xylem, node('late', relayUrl));
  await waitUntil(() => digestOf(current('late')) === wanted, 60_000, 'the file on the late host');
  for (const pack of packs) {
    await waitUntil(() => digestOf(pack) === pack.slice(-64), 30_000, 'the relay to have mended its copy');
  }
  await waitUntil(
    async () => ((await show('late')).transfer?.refusedObjects ?? 0) > 0,
    30_000,
    'the late host’s report of what it refused',
  );
});
