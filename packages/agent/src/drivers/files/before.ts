import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { sha256 } from '@xylem/core';
import { type Clock, type Log, syncFolder, writeFileAtomic } from '@xylem/platform';
import { jsonFile } from '../../state/json-file.ts';
import type { Found, Owner } from './look.ts';

/** What stood at the places of a component's files before they first came: kept once, until it is put back. */
export interface BeforeStore {
  /** Every place of which something is known. */
  places(): Promise<ReadonlySet<string>>;
  /** Remembers what stands at `to` now, unless it is known already. Durable when it resolves. */
  keep(to: string, found: Found | null): Promise<void>;
  read(to: string): Promise<Found | null>;
  forget(to: string): Promise<void>;
}

interface Kept {
  readonly to: string;
  readonly what: 'nothing' | 'file' | 'link';
  readonly target: string;
  readonly owner: Owner;
}

export function beforeStore(folder: string, log: Log): BeforeStore {
  const bytesPath = (to: string): string => join(folder, sha256(to));
  const meta = (path: string) => jsonFile(path, 'xylem-before-1', parse, log);
  const places = async (): Promise<ReadonlySet<string>> => {
    const names = await readdir(folder).catch(() => []);
    const found = new Set<string>();
    for (const name of names.filter((one) => one.endsWith('.json'))) {
      const kept = await meta(join(folder, name)).read();
      if (kept !== null) found.add(kept.to);
    }
    return found;
  };
  return {
    places,
    keep: async (to, found) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // The bytes first: what the document says is there.
      if (found?.what === 'file') await writeFileAtomic(bytesPath(to), found.bytes, { mode: 0o600 });
      await meta(`${bytesPath(to)}.json`).write({
        to,
        what: found?.what ?? 'nothing',
        target: found?.what === 'link' ? found.target : '',
        owner: found?.owner ?? { mode: 0, uid: 0, gid: 0 },
      });
    },
    read: async (to) => {
      const kept = await meta(`${bytesPath(to)}.json`).read();
      if (kept === null || kept.what === 'nothing') return null;
      if (kept.what === 'link') return { what: 'link', target: kept.target, owner: kept.owner };
      const bytes = await readFile(bytesPath(to));
      return { what: 'file', digest: sha256(bytes), bytes, owner: kept.owner, look: '' };
    },
    forget: async (to) => {
      await rm(`${bytesPath(to)}.json`, { force: true });
      await rm(bytesPath(to), { force: true });
      await syncFolder(folder).catch(() => undefined);
    },
  };
}

function parse({ to, what, target, owner }: Record<string, unknown>): Kept {
  const { mode, uid, gid } = (owner ?? {}) as Owner;
  if (typeof to !== 'string' || !to.startsWith('/') || typeof target !== 'string')
    throw new Error('no place');
  if (what !== 'nothing' && what !== 'file' && what !== 'link') throw new Error('no kind');
  if (![mode, uid, gid].every(Number.isSafeInteger)) throw new Error('no owner');
  return { to, what, target, owner: { mode, uid, gid } };
}

const mostFound = 100;

/** Keeps what somebody else made of a placed file before it is put right: the newest hundred of a host. */
export async function keepFound(
  folder: string,
  component: string,
  to: string,
  found: Found,
  clock: Clock,
): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${component}.${basename(to).slice(0, 100)}.found-${Math.floor(clock.now())}`);
  const bytes = found.what === 'file' ? found.bytes : `symbolic link to ${found.target}\n`;
  await writeFileAtomic(path, bytes, { mode: 0o600 });
  const at = (name: string): number => Number(/\.found-(\d+)$/.exec(name)?.[1] ?? 0);
  const names = (await readdir(folder)).sort((a, b) => at(b) - at(a));
  for (const name of names.slice(mostFound)) await rm(join(folder, name), { force: true });
  return path;
}
