import { readFileSync } from 'node:fs';
import type { Named } from './query.ts';

/** What holds packages back on this host: no package system of its own, but the programs around rpm do. */
export interface Lock {
  /** Of the package, with `*` and `?`. */
  readonly name: string;
  /** Of a version (`epoch:version-release`), with `*` and `?`; null: whatever is there. */
  readonly version: string | null;
  /** That version must not come; all others may. */
  readonly excludes: boolean;
}

/** docs/spec/components/rpm.md, Held */
const places: Readonly<Record<string, (text: string) => Lock[]>> = {
  '/etc/dnf/plugins/versionlock.list': versionlockList,
  '/etc/yum/pluginconf.d/versionlock.list': versionlockList,
  '/etc/dnf/versionlock.toml': versionlockToml,
  '/etc/zypp/locks': zyppLocks,
};

export function locksOfHost(): Lock[] {
  return Object.entries(places).flatMap(([path, parse]) => {
    try {
      return parse(readFileSync(path, 'utf8'));
    } catch (error) {
      // What can't be read may hold anything: said, not passed over.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}

/** Whether a package must stay as it is, now at `at`. Pure. */
export function isHeld(locks: readonly Lock[], at: Named): boolean {
  return locks.some((lock) => !lock.excludes && matches(lock.name, at.package));
}

/** Whether a package may not become `to`. Pure. */
export function isBarred(locks: readonly Lock[], to: Named): boolean {
  const own = locks.filter((lock) => matches(lock.name, to.package));
  if (own.some((lock) => lock.excludes && isVersion(lock, to))) return true;
  const holds = own.filter((lock) => !lock.excludes);
  return holds.length > 0 && !holds.some((lock) => lock.version !== null && isVersion(lock, to));
}

function isVersion({ version }: Lock, { version: found }: Named): boolean {
  const full = /^[0-9]+:/.test(found) ? found : `0:${found}`;
  return version === null || matches(version, full);
}

function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`).test(text);
}

/** Of dnf 4 and yum: `name-epoch:version-release.arch`, `epoch:name-version-release.arch`, `!` before what is excluded. */
function versionlockList(text: string): Lock[] {
  const entries = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  return entries
    .filter((entry) => entry !== '')
    .map((entry) => {
      const excludes = entry.startsWith('!');
      const label = excludes ? entry.slice(1).trim() : entry;
      const found = /^(?:(\d+):)?(.+)-(?:(\d+):)?([^-:]+)-([^-]+?)(?:\.[^.-]+)?$/.exec(label);
      if (found === null) return { name: label, version: null, excludes };
      const [, before, name = '', epoch = before ?? '0', version = '', release = ''] = found;
      return { name, version: `${epoch}:${version}-${release}`, excludes };
    });
}

/** Of dnf 5: held by name, whatever its conditions say. */
function versionlockToml(text: string): Lock[] {
  const names = [...text.matchAll(/^\s*name\s*=\s*(["'])(.+)\1/gm)];
  return names.map(([, , name = '']) => ({ name, version: null, excludes: false }));
}

/** Of zypper: blocks of `key: value`. */
function zyppLocks(text: string): Lock[] {
  const names = [...text.matchAll(/^\s*solvable_name:\s*(\S+)/gm)];
  return names.map(([, name = '']) => ({ name, version: null, excludes: false }));
}
