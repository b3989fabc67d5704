import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What a file holds: text, bytes, or so many bytes of noise that no compressor shrinks. */
export type FileContent = string | Uint8Array | { readonly noiseBytes: number; readonly seed?: number };

/** Writes files below `folder` (made if need be); names that end with `*` are executable (the star is dropped). */
export async function buildSmallTree(
  folder: string,
  files: Readonly<Record<string, FileContent>> = smallFiles(),
): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name.replace(/\*$/, ''));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytesOf(content));
    await chmod(path, name.endsWith('*') ? 0o755 : 0o644);
  }
  return folder;
}

/** A few files of each sort: text, executable, empty, deep, larger than one chunk. */
export function smallFiles(version = '1'): Record<string, FileContent> {
  return {
    'README.md': `version ${version}\n`,
    'bin/start*': '#!/bin/sh\nexec sleep 60\n',
    'lib/empty': '',
    'lib/deep/er/file.txt': 'the same in each version\n',
    'lib/large.bin': { noiseBytes: 300_000, seed: version.length },
  };
}

/** Reproducible bytes that do not compress: xorshift32. */
function noise(sizeBytes: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  let state = seed * 2654435761 || 1;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, sizeBytes);
}

function bytesOf(content: FileContent): string | Uint8Array {
  if (typeof content === 'string' || content instanceof Uint8Array) return content;
  return noise(content.noiseBytes, content.seed);
}
