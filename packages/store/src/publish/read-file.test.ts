import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256, XylemError } from '@xylem/core';
import { chunksOf } from '../chunk/cutter.ts';
import { noise, temporaryFolder } from '../testing/folder.ts';
import { hashWhole, readBatch } from './read-batch.ts';
import { chunkFile } from './read-file.ts';

const small = (file: { path: string; sizeBytes: number }) => readBatch([{ ...file, known: null }]);
const changed = (error: unknown): boolean => error instanceof XylemError && error.code === 'E_FILE_CHANGED';

test('a file read in blocks has the same chunks as one in memory', async (t) => {
  const path = join(await temporaryFolder(t), 'file');
  for (const size of [0, 1, 16_384, 2_097_152, 2_097_153, 7_000_001]) {
    const bytes = noise('blocks', size);
    await writeFile(path, bytes);
    const digests: string[] = [];
    const digest = await chunkFile(path, size, async (chunk) => void digests.push(sha256(chunk)));
    assert.equal(digest, sha256(bytes));
    assert.deepEqual(
      digests,
      chunksOf(bytes).map((chunk) => sha256(chunk)),
    );
    assert.equal(hashWhole({ path, sizeBytes: size }), digest);
    const read = readBatch([{ path, sizeBytes: size, known: null }]);
    assert.deepEqual(
      read.files[0]?.chunks?.map(([chunk]) => chunk),
      digests,
    );
    assert.ok(read.bytes.length === size && sha256(read.bytes) === digest);
  }
});

test('a file that grows, shrinks, is written to or replaced while it is read is refused', async (t) => {
  const folder = await temporaryFolder(t);
  const size = 5_000_000;
  const acts: [string, (path: string) => Promise<void>][] = [
    ['grows', (path) => appendFile(path, 'x')],
    ['shrinks', (path) => truncate(path, 4_900_000)],
    ['is written to', (path) => writeFile(path, noise('other', size))],
  ];
  for (const [what, act] of acts) {
    const path = join(folder, what);
    await writeFile(path, noise('one', size));
    let acted = false;
    const reading = chunkFile(path, size, async () => {
      if (acted) return;
      acted = true;
      await act(path);
    });
    await assert.rejects(reading, changed, what);
  }
  const path = join(folder, 'size');
  await writeFile(path, 'four');
  for (const read of [hashWhole, (file: { path: string; sizeBytes: number }) => small(file)]) {
    for (const sizeBytes of [3, 5]) assert.throws(() => read({ path, sizeBytes }), changed);
    assert.throws(() => read({ path: join(folder, 'absent'), sizeBytes: 1 }), changed);
  }
});

test('a link or a pipe that took the place of a file is neither followed nor waited for', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'secret'), 'four');
  await symlink('secret', join(folder, 'link'));
  assert.throws(() => small({ path: join(folder, 'link'), sizeBytes: 4 }), changed);
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  assert.throws(() => small({ path: join(folder, 'pipe'), sizeBytes: 0 }), changed);
});
