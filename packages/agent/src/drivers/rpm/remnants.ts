import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Header } from './query.ts';

/** Beside each file that it unpacks: its name, a semicolon, and the time in hexadecimal digits. */
const unpacked = /^(.+);[0-9a-f]{8}$/;

/** Removes what rpm had unpacked of these packages and not put in place when it was killed; it never does so itself. */
export async function removeRemnants(packages: readonly Header[]): Promise<void> {
  const byFolder = Map.groupBy(
    packages.flatMap(({ files }) => files),
    (path) => dirname(path),
  );
  for (const [folder, paths] of byFolder) {
    const own = new Set(paths.map((path) => basename(path)));
    for (const name of await readdir(folder).catch(() => [])) {
      const of = unpacked.exec(name)?.[1];
      if (of !== undefined && own.has(of)) await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}
