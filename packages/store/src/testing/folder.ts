import { createCipheriv, createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

/** For this package's tests: a folder of the test's own, removed after it. */
export async function temporaryFolder(t: TestContext, parent = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(parent, 'xylem-store-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Where hundreds of syncs cost nothing. */
export const memoryFolder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Bytes that nothing compresses, the same for the same seed. */
export function noise(seed: string, length: number): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** Bytes that compress about as programs do. */
export function text(seed: string, length: number): Buffer {
  const lines: string[] = [];
  let total = 0;
  for (let i = 0; total < length; i += 1) {
    const word = createHash('sha256').update(`${seed}:${i}`).digest('hex').slice(0, 12);
    const line = `export const ${word} = (input) => input.map((one) => one.${word.slice(0, 4)});\n`;
    lines.push(line);
    total += line.length;
  }
  return Buffer.from(lines.join('')).subarray(0, length);
}

/** Content by path; a string that begins with `-> ` is a link, null an empty folder, a path that ends in `*` executable. */
export type Contents = Readonly<Record<string, Uint8Array | string | null>>;

export async function writeFolder(folder: string, contents: Contents): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(contents)) {
    const path = join(folder, name.replace(/\*$/, ''));
    if (content === null) {
      await mkdir(path, { recursive: true });
      continue;
    }
    await mkdir(dirname(path), { recursive: true });
    if (typeof content === 'string' && content.startsWith('-> ')) await symlink(content.slice(3), path);
    else await writeFile(path, content, { mode: name.endsWith('*') ? 0o755 : 0o644 });
  }
}
