import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';

/** `manifest.json` of a backup: every other file in it. Written last: a backup without it was interrupted. */
export interface Manifest {
  readonly format: 'xylem-backup-1';
  /** RFC 3339. */
  readonly taken: string;
  readonly version: string;
  /** Path below the backup, size in bytes, SHA-256; sorted by path. */
  readonly files: readonly (readonly [path: string, sizeBytes: number, sha256: string])[];
}

/** In a backup of a root server over PostgreSQL: its database, in the custom format of pg_dump. */
export const postgresDump = 'root.pgdump';

const objectPath = /^repository\/o\/[0-9a-f]{32}\/([0-9a-f]{64})$/;
const maxManifestBytes = 512 * 1024 * 1024;

/** Describes what lies below a folder. An object is named by its digest and not hashed again here; a restore does. */
export async function describeFolder(folder: string): Promise<Manifest['files']> {
  const files: [string, number, string][] = [];
  for await (const path of filesBelow(folder, '')) {
    const { size } = await lstat(join(folder, path));
    files.push([path, size, objectPath.exec(path)?.[1] ?? (await hashFile(join(folder, path)))]);
  }
  return files.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Paths of regular files below, relative; temporary ones left out. */
export async function* filesBelow(folder: string, prefix: string): AsyncGenerator<string> {
  const entries = await readdir(join(folder, prefix), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.tmp-')) continue;
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(folder, path);
    else if (entry.isFile()) yield path;
  }
}

export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** @throws XylemError E_INPUT (no backup), E_STATE_VERSION, E_STATE_DAMAGED */
export async function readManifest(backup: string): Promise<Manifest> {
  let text: string;
  try {
    const path = join(backup, 'manifest.json');
    if ((await lstat(path)).size > maxManifestBytes) throw new RangeError('it is too large');
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new XylemError('E_INPUT', `${backup} is no finished backup: it has no manifest.json.`, { cause });
  }
  let manifest: Manifest;
  try {
    manifest = JSON.parse(text) as Manifest;
  } catch (cause) {
    throw new XylemError('E_STATE_DAMAGED', `${backup}/manifest.json is no JSON.`, { cause });
  }
  if (manifest.format !== 'xylem-backup-1') {
    throw new XylemError('E_STATE_VERSION', `The backup has the format ${String(manifest.format)}.`);
  }
  const isFile = (entry: unknown): boolean =>
    Array.isArray(entry) &&
    typeof entry[0] === 'string' &&
    Number.isSafeInteger(entry[1]) &&
    typeof entry[2] === 'string';
  const isSafe = (path: string): boolean =>
    !path.split('/').some((part) => part === '' || part === '.' || part === '..');
  if (!Array.isArray(manifest.files) || !manifest.files.every((entry) => isFile(entry) && isSafe(entry[0]))) {
    throw new XylemError('E_STATE_DAMAGED', `${backup}/manifest.json is damaged.`);
  }
  return manifest;
}
