import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** What stands at a path: a file by digest and right to execute, a link by its target, an empty folder. */
type Listing = ReadonlyMap<string, string>;

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Every file below a folder, read anew with nothing of the program that put it there. */
export async function listing(of: string): Promise<Listing> {
  const folder = await realpath(of);
  const found = new Map<string, string>();
  const walk = async (below: string): Promise<void> => {
    const names = await readdir(below);
    if (names.length === 0 && below !== folder) found.set(relative(folder, below), 'empty folder');
    for (const name of names) {
      const path = join(below, name);
      const stat = await lstat(path);
      if (stat.isDirectory()) await walk(path);
      else if (stat.isSymbolicLink()) found.set(relative(folder, path), `link to ${await readlink(path)}`);
      else
        found.set(relative(folder, path), `${await digestOf(path)}${stat.mode & 0o100 ? ' executable' : ''}`);
    }
  };
  await walk(folder);
  return found;
}

/** Where an installed tree differs from the published one: one line each, empty when it is the same. */
export function differences(published: Listing, installed: Listing): string[] {
  const lines: string[] = [];
  for (const [path, wanted] of published) {
    const there = installed.get(path);
    if (there !== wanted)
      lines.push(`${path}: ${there === undefined ? 'is missing' : `${there} instead of ${wanted}`}`);
  }
  for (const path of installed.keys()) if (!published.has(path)) lines.push(`${path}: was not published`);
  return lines;
}
