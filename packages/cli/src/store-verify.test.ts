import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startNode, startRoot, waitUntil } from '@xylem/testkit';
import { operatorHere } from './testing/operator-here.ts';

interface Found {
  readonly files: number;
  readonly faults: readonly { readonly path: string; readonly fault: string }[];
  readonly removed: readonly string[];
}

test('what a disk damaged at a root server is named, at a relay fetched again', {
  timeout: 120_000,
}, async (t) => {
  const { at, xylem, folder, json } = await operatorHere(t, 'store-verify');
  const environment = 'acme/production';
  await startRoot(xylem, at('root'), 'acme');
  writeFileSync(at('production.yaml'), `environment: ${environment}\nproducts:\n  shop: {}\n`);
  await xylem.command(['env', 'create', environment, '--file', at('production.yaml')]);
  const relay = await startNode(xylem, { name: 'relay', environment, state: at('relay'), serve: true });
  mkdirSync(at('tree'));
  writeFileSync(at('tree', 'program.bin'), randomBytes(500_000));
  writeFileSync(at('xylem.yaml'), 'product: shop\ncomponent: program\nversion: 1.0.0\nfolder: tree\n');
  await xylem.command(['package', 'publish', folder]);
  await xylem.command(['release', 'create', 'shop@1.0.0', '--with', 'program@1.0.0']);
  await xylem.command(['deploy', 'shop@1.0.0', '--to', environment, '--strategy', 'all-at-once', '--watch']);
  const verify = (name: string, ...more: string[]) =>
    json<Found>(['store', 'verify', '--state', at(name), ...more]);
  for (const name of ['root', 'relay']) assert.deepEqual((await verify(name)).faults, []);

  const objects = (name: string): string =>
    name === 'root' ? at('root', 'repository', 'o') : at('relay', 'relay', 'repository', 'o');
  const pack = await largest(objects('root'));
  for (const name of ['root', 'relay']) await flipByte(join(objects(name), pack), 250_000);
  for (const name of ['root', 'relay'])
    await assert.rejects(verify(name), (error: Error) => {
      assert.match(error.message, /1 file damaged or missing/);
      return true;
    });
  await assert.rejects(verify('root', '--repair'), /nobody to fetch from/);

  const { faults, removed } = await verify('relay', '--repair');
  assert.deepEqual(
    faults.map(({ path, fault }) => `${fault} ${path}`),
    [`damaged o/${pack}`],
  );
  assert.deepEqual(removed, [`o/${pack}`]);
  await flipByte(join(objects('root'), pack), 250_000);
  // A host that comes new below the relay asks for it.
  await startNode(xylem, { name: 'leaf', environment, state: at('leaf'), parent: relay });
  await waitUntil(() => stat(at('leaf', 'components', 'program', 'current')).catch(() => null), 60_000);
  for (const name of ['root', 'relay']) assert.deepEqual((await verify(name)).faults, []);
});

/** `domain/digest` of the longest object. */
async function largest(folder: string): Promise<string> {
  const found: { path: string; size: number }[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && !/offers|patches/.test(entry.parentPath)) {
      const full = join(entry.parentPath, entry.name);
      found.push({ path: full.slice(folder.length + 1), size: (await stat(full)).size });
    }
  return found.sort((a, b) => b.size - a.size)[0]?.path ?? '';
}

async function flipByte(path: string, offset: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, offset);
  await file.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, offset);
  await file.close();
}
