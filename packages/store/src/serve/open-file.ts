import type { Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Read at once, and held for who else is near in the same file. */
export const blockBytes = 256 * 1024;
const keptBlocks = 8;

/** A file that several answers read, open as long as one of them does. */
export interface OpenFile {
  /** Of what is open, whatever lies at the path meanwhile. */
  readonly stats: Stats;
  /** From `start` on, up to `most` bytes, in one read that nobody else shares. @throws when the file is shorter */
  read(start: number, most: number): Promise<Buffer>;
  /** The whole block that the byte at `at` is in; who asks for it at about the same time gets the same buffer. */
  readBlock(at: number): Promise<Buffer>;
  /** What `openFile` or `join` gave is needed no more. */
  leave(): Promise<void>;
  join(): void;
}

/** @throws as `open` of node does */
export async function openFile(path: string, onClosed: () => void): Promise<OpenFile> {
  const handle = await open(path, 'r');
  let stats: Stats;
  try {
    stats = await handle.stat();
  } catch (error) {
    await handle.close();
    throw error;
  }
  const blocks = new Map<number, Promise<Buffer>>();
  let readers = 1;
  const readBlock = (at: number): Promise<Buffer> => {
    const index = Math.floor(at / blockBytes);
    const known = blocks.get(index);
    if (known !== undefined) return known;
    const start = index * blockBytes;
    const reading = readExactly(handle, start, Math.min(blockBytes, stats.size - start));
    blocks.set(index, reading);
    if (blocks.size > keptBlocks) blocks.delete(blocks.keys().next().value ?? index);
    reading.catch(() => blocks.delete(index));
    return reading;
  };
  return {
    stats,
    read: (start, most) => readExactly(handle, start, Math.min(most, stats.size - start)),
    readBlock,
    join: () => {
      readers += 1;
    },
    leave: async () => {
      readers -= 1;
      if (readers > 0) return;
      onClosed();
      blocks.clear();
      await handle.close();
    },
  };
}

async function readExactly(handle: FileHandle, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  const { bytesRead } = await handle.read(bytes, 0, length, start);
  if (bytesRead < length) throw new Error('The file became shorter.');
  return bytes;
}
