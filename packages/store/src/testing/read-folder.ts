import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '@xylem/core';

/** What a folder holds, one line each, for comparing two: type, mode, path, and digest or target. */
export async function readFolder(folder: string, prefix = ''): Promise<string[]> {
  const lines: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    const stat = await lstat(path);
    const mode = (stat.mode & 0o777).toString(8);
    if (stat.isSymbolicLink()) lines.push(`l ${prefix}${name} -> ${await readlink(path)}`);
    else if (stat.isDirectory()) {
      lines.push(`d ${mode} ${prefix}${name}`, ...(await readFolder(path, `${prefix}${name}/`)));
    } else lines.push(`f ${mode} ${prefix}${name} ${stat.size} ${sha256(await readFile(path))}`);
  }
  return lines;
}
