import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import type { DatabaseConfig } from '../db/open.ts';

/** Where everything of a root server lies. Folders that hold keys are 0700. */
export interface StatePaths {
  readonly folder: string;
  readonly format: string;
  readonly config: string;
  readonly lock: string;
  readonly database: string;
  readonly repository: string;
  readonly incoming: string;
  /** Trees and what is made of them, while a patch is made. */
  readonly patches: string;
  readonly keys: string;
  /** Programs of the operator that say figures of hosts. */
  readonly metrics: string;
}

/** What `initRoot` decided, in `root.json`. */
export interface RootConfig {
  readonly tenant: string;
  readonly database: { readonly kind: 'sqlite' } | { readonly kind: 'postgres'; readonly url: string };
  readonly releaseRepository: string | null;
}

const format = 'xylem-root-1';
const formatPattern = /^xylem-root-(\d+)\n?$/;
export const stateFormat = 1;

export function statePaths(folder: string): StatePaths {
  return {
    folder,
    format: join(folder, 'format'),
    config: join(folder, 'root.json'),
    lock: join(folder, 'lock'),
    database: join(folder, 'root.db'),
    repository: join(folder, 'repository'),
    incoming: join(folder, 'incoming'),
    patches: join(folder, 'patches'),
    keys: join(folder, 'keys'),
    metrics: join(folder, 'metrics'),
  };
}

/**
 * Whether a finished state folder is there: `format` is written last, so one without it was interrupted.
 * @throws XylemError E_STATE_VERSION, E_STATE_DAMAGED, E_STORAGE
 */
export async function isInitialized(paths: StatePaths): Promise<boolean> {
  const text = await readIfThere(paths.format);
  if (text === null) return false;
  const found = formatPattern.exec(text)?.[1];
  if (found === undefined) {
    throw new XylemError('E_STATE_DAMAGED', `${paths.format} does not say what this folder is.`);
  }
  if (Number(found) !== stateFormat) {
    throw new XylemError(
      'E_STATE_VERSION',
      `${paths.folder} has format ${found}; this program knows ${stateFormat}.`,
    );
  }
  return true;
}

/** @throws XylemError E_INPUT if the folder holds something else than the beginning of a root server's state */
export async function prepareFolder(paths: StatePaths): Promise<void> {
  await mkdir(paths.folder, { recursive: true, mode: 0o700 });
  const own = new Set(['format', 'root.json', 'lock', 'repository', 'incoming', 'keys']);
  const strangers = (await readdir(paths.folder)).filter(
    (name) => !own.has(name) && !/^(root\.db|lock|\.tmp)/.test(name),
  );
  if (strangers.length > 0) {
    const message = `${paths.folder} is not empty: it holds ${strangers.slice(0, 3).join(', ')}. Choose another folder.`;
    throw new XylemError('E_INPUT', message, { details: { path: paths.folder } });
  }
  await mkdir(paths.keys, { recursive: true, mode: 0o700 });
  await mkdir(paths.repository, { recursive: true });
  await mkdir(paths.incoming, { recursive: true, mode: 0o700 });
}

export async function finishFolder(paths: StatePaths): Promise<void> {
  await writeFileAtomic(paths.format, `${format}\n`);
}

export async function writeConfig(paths: StatePaths, config: RootConfig): Promise<void> {
  await writeFileAtomic(paths.config, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}

/** @throws XylemError E_STATE_DAMAGED */
export async function readConfig(paths: StatePaths): Promise<RootConfig> {
  const text = await readIfThere(paths.config);
  try {
    const value = JSON.parse(text ?? '') as RootConfig;
    if (typeof value.tenant !== 'string' || typeof value.database?.kind !== 'string')
      throw new TypeError('keys are missing');
    return value;
  } catch (cause) {
    throw new XylemError('E_STATE_DAMAGED', `${paths.config} can't be read. Restore it from the backup.`, {
      cause,
    });
  }
}

export function databaseOf(paths: StatePaths, config: RootConfig): DatabaseConfig {
  return config.database.kind === 'postgres'
    ? { kind: 'postgres', url: config.database.url }
    : { kind: 'sqlite', file: paths.database };
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new XylemError('E_STORAGE', `Cannot read ${path}.`, { cause });
  }
}
