import {
  closeSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { DomainId } from '@xylem/core';
import { memoryChunkIndex, openRepository, publishTree, repositorySink, scanFolder } from '@xylem/store';
import type { Bench, Measured } from './bench.ts';

/** As the command starts them. */
const program = join(import.meta.dirname, '..', 'dist', 'xylem.js');
const blockBytes = 1024 * 1024;
/** Of the program: less than the smallest Node is. */
const programBlocks = 64;

/**
 * Chunk, hash, compress and store a folder, from a warm cache into a repository on the local disk, synced. By default
 * one file of 1 GiB of machine code, no part of it like another.
 */
export const bench: Bench = {
  usage:
    '[--folder DIR] [--level N] [--mib N]: MB/s and files/s of publishing a folder, and of publishing it again unchanged (default: one file of 1,024 MiB)',
  run: publish,
};

async function publish(words: readonly string[], say: (line: string) => void): Promise<Measured> {
  const { values } = parseArgs({
    args: [...words],
    options: { folder: { type: 'string' }, level: { type: 'string' }, mib: { type: 'string' } },
  });
  const base = mkdtempSync(join(tmpdir(), 'xylem-bench-publish-'));
  try {
    const folder = values.folder ?? writeBigFile(join(base, 'source'), Number(values.mib ?? 1024));
    const files = (await scanFolder(folder)).filter((entry) => entry.type === 'file');
    const bytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    say(`publishing ${files.length} files, ${Math.round(bytes / 1e6)} MB`);
    if (bytes < 4e9) for (const file of files) await warm(join(folder, file.path));
    const domain = '0'.repeat(31).concat('1') as DomainId;
    const repository = await openRepository(join(base, 'repository'));
    const sink = repositorySink(repository, domain, memoryChunkIndex());
    const readers = {
      count: Math.min(8, availableParallelism()),
      start: () => new Worker(program, { argv: ['publish-reader'] }),
    };
    const level = values.level === undefined ? {} : { level: Number(values.level) };
    const options = { folder, sink, readers, ...level };

    const begin = performance.now();
    const published = await publishTree(options);
    const seconds = (performance.now() - begin) / 1000;
    const peakRssMb = process.resourceUsage().maxRSS / 1000;

    const again = performance.now();
    const unchanged = await publishTree({ ...options, previous: published.entries });
    const againSeconds = (performance.now() - again) / 1000;
    if (unchanged.tree !== published.tree || unchanged.newChunks > 0)
      throw new Error('published twice, not equal');
    return {
      inputs: { folder: values.folder ?? 'one generated file', files: files.length, bytes },
      figures: {
        mbPerSecond: bytes / 1e6 / seconds,
        filesPerSecond: files.length / seconds,
        peakRssMb,
        seconds,
        packedBytes: published.packedBytes,
        unchangedMbPerSecond: bytes / 1e6 / againSeconds,
        unchangedFilesPerSecond: files.length / againSeconds,
      },
    };
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

/** Node's own program over and over, with a number in every 4 KiB, so that no two chunks are equal. */
function writeBigFile(folder: string, mib: number): string {
  mkdirSync(folder);
  const program = openSync(process.execPath, 'r');
  const file = openSync(join(folder, 'big'), 'w');
  const piece = Buffer.alloc(blockBytes);
  for (let block = 0; block < mib; block += 1) {
    readSync(program, piece, 0, blockBytes, (block % programBlocks) * blockBytes);
    for (let at = 0; at < blockBytes; at += 4096) piece.writeDoubleLE(block * blockBytes + at, at);
    writeSync(file, piece);
  }
  closeSync(program);
  closeSync(file);
  return folder;
}

async function warm(path: string): Promise<void> {
  for await (const _ of createReadStream(path, { highWaterMark: 1024 * 1024 }));
}
