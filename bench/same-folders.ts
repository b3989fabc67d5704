import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Whether two folders hold the same names, bytes, links and rights to execute; read anew, file by file. */
export async function sameFolders(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([contents(one), contents(other)]);
  return a.length > 0 && a.join('\n') === b.join('\n');
}

async function contents(of: string): Promise<string[]> {
  const folder = await realpath(of);
  const lines: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = JSON.stringify(relative(folder, path));
    if (entry.isSymbolicLink()) lines.push(`${name} link ${await readlink(path)}`);
    else if (entry.isFile())
      lines.push(`${name} ${await digestOf(path)} ${((await lstat(path)).mode & 0o100) !== 0}`);
  }
  return lines.sort();
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
