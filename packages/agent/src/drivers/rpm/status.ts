import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { findProgram } from '../../commands/program.ts';
import { ask, environment } from '../system-packages/commands.ts';
import type { Installed, PackageStatus } from '../system-packages/system.ts';
import { keyOf } from '../system-packages/wanted.ts';
import { isHeld, locksOfHost } from './locks.ts';
import { type Named, queryInstalled } from './query.ts';
import { compareRpmVersions } from './versions.ts';

export function hasRpm(): boolean {
  return findProgram('rpm', environment) !== null;
}

/** What rpm's configuration says; looked at once. */
interface Setup {
  readonly database: string;
  readonly lock: string;
  readonly native: string;
}

let setup: Setup | null = null;

export async function rpmSetup(): Promise<Setup> {
  if (setup !== null) return setup;
  const database = await evaluated('%{_dbpath}');
  const lock = await evaluated(`%{?_rpmlock_path}%{!?_rpmlock_path:${join(database, '.rpm.lock')}}`);
  setup = { database, lock, native: await evaluated('%{_host_cpu}') };
  return setup;
}

async function evaluated(macros: string): Promise<string> {
  const { code, output } = await ask('rpm', ['--eval', macros]);
  const value = output.trim();
  if (code === 0 && value !== '') return value;
  throw new XylemError('E_PACKAGE_SYSTEM', `rpm does not say what ${macros} is on this host: ${value}`);
}

let known: { readonly at: string; readonly installed: readonly Named[] } | null = null;

/** Looks anew when rpm wrote since. @throws XylemError E_PACKAGE_SYSTEM */
export async function packageStatus(): Promise<PackageStatus> {
  const { database, native } = await rpmSetup();
  const at = written(database);
  if (known?.at !== at) known = { at, installed: await queryInstalled() };
  const locks = locksOfHost();
  const installed = new Map<string, Installed>();
  for (const one of known.installed) {
    const key = keyOf(one.package, one.architecture, native);
    const other = installed.get(key);
    // Two of one name: an update of it was broken off.
    const newest =
      other !== undefined && compareRpmVersions(other.version, one.version) > 0 ? other.version : one.version;
    const held = isHeld(locks, one);
    installed.set(key, { ...one, version: newest, held, whole: other === undefined });
  }
  return { native, installed };
}

/** How rpm takes these names. Pure. */
export function labelsOf(
  names: readonly string[],
  { installed }: Pick<PackageStatus, 'installed'>,
): string[] {
  return names.map((name) => {
    const found = installed.get(name);
    return found === undefined ? name : `${found.package}.${found.architecture}`;
  });
}

/** Readers make and remove files beside it, so that only what holds something counts. */
function written(database: string): string {
  // rpm makes it when it first has something to write.
  if (!existsSync(database)) return '';
  const files = readdirSync(database).filter((name) => !name.startsWith('.') && !name.endsWith('-shm'));
  return files
    .sort()
    .flatMap((name) => {
      const found = statSync(join(database, name), { bigint: true, throwIfNoEntry: false });
      if (found === undefined || !found.isFile() || found.size === 0n) return [];
      return [`${name} ${found.ino} ${found.size} ${found.mtimeNs}`];
    })
    .join('\n');
}
