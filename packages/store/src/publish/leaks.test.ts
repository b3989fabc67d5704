import assert from 'node:assert/strict';
import { readdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type Digest, sha256 } from '@xylem/core';
import { PackFileWriter } from '../pack/pack-file-writer.ts';
import { noise, temporaryFolder } from '../testing/folder.ts';
import { smallDisk } from '../testing/small-disk.ts';
import { publishTree } from './publish-tree.ts';

/** Files of this process that are open below a folder; node ends a process that leaves one to the garbage collector. */
async function openBelow(folder: string): Promise<string[]> {
  const names = await readdir('/proc/self/fd').catch(() => []);
  const targets = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
  return targets.filter((target) => target.startsWith(folder));
}

test('given up while the sink is still thinking, publishing leaves nothing at work behind', async (t) => {
  const base = await temporaryFolder(t);
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'big'), noise('leak', 12_000_000));
  const abort = new AbortController();
  let isAnswered = false;
  const sink = {
    scratchFolder: base,
    knownChunks: async (): Promise<Set<Digest>> => {
      while (!abort.signal.aborted) await turn();
      for (let i = 0; i < 20_000; i += 1) await turn();
      isAnswered = true;
      return new Set();
    },
    putPack: async () => undefined,
  };
  const onProgress = (done: number): void => {
    if (done > 10_000_000) abort.abort();
  };
  await assert.rejects(publishTree({ folder, sink, signal: abort.signal, onProgress }), {
    name: 'AbortError',
  });
  assert.equal(isAnswered, true, 'it went while its own question was open');
  assert.deepEqual(await openBelow(base), []);
  assert.deepEqual(await readdir(base), []);
});

test('a pack that finds the disk full closes its file', async (t) => {
  const disk = await smallDisk(t);
  if (disk === null) return;
  const writer = await PackFileWriter.create(join(disk, 'pack'));
  // To the last byte, so that there is no room for an index, nor for another pack's first bytes.
  await writeFile(join(disk, 'filler'), noise('filler', 4_000_000)).catch(() => undefined);
  const payload = noise('payload', 100);
  for (let i = 0; i < 50; i += 1) {
    await writer
      .append(0, payload, payload.length, [[sha256(payload), payload.length]])
      .catch(() => undefined);
  }
  await assert.rejects(writer.finish(), { code: 'ENOSPC' });
  await assert.rejects(PackFileWriter.create(join(disk, 'another')), { code: 'ENOSPC' });
  assert.deepEqual(await openBelow(disk), []);
});
