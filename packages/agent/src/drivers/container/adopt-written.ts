import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Difference } from '../../adopt/differences.ts';
import type { InspectedContainer } from './adopt-inspected.ts';
import { podman } from './podman.ts';

/** Not meant to last, or made by podman itself. */
const passing = [
  'tmp',
  'run',
  'var/tmp',
  'var/run',
  'var/cache',
  'dev',
  'proc',
  'sys',
  'etc/hosts',
  'etc/hostname',
  'etc/resolv.conf',
  'etc/mtab',
  'etc/passwd',
  'etc/group',
];

interface Changes {
  readonly added?: readonly string[] | null;
  readonly changed?: readonly string[] | null;
  readonly deleted?: readonly string[] | null;
}

/**
 * Files that were written in the container itself: they go with it, at its next start.
 * @param apart paths in it of which that is known
 */
export async function writtenDifferences(
  running: InspectedContainer,
  apart: readonly string[],
  signal: AbortSignal,
): Promise<Difference[]> {
  if (running.HostConfig.ReadonlyRootfs === true) return [];
  const said = await podman('looking at what a container wrote', ['diff', '--format', 'json', running.Id], {
    signal,
  });
  const mounts = (running.Mounts ?? []).map(({ Destination }) => Destination);
  const paths = writtenPaths(JSON.parse(said.trim() || '{}') as Changes, [...passing, ...apart], mounts);
  const found: Difference[] = [];
  for (const { path, isGone } of paths) {
    // An empty folder is no loss, and podman makes some.
    const stat = isGone ? null : await lstat(join(`/proc/${running.State.Pid}/root`, path)).catch(() => null);
    if (stat?.isDirectory() === true) continue;
    const what = isGone
      ? 'was removed in the container, and is there again with the next start'
      : 'was written in the container, and is gone with the next start';
    found.push({ path, what, extra: true });
  }
  return found;
}

/** Pure. */
function writtenPaths(
  { added, changed, deleted }: Changes,
  apart: readonly string[],
  mounts: readonly string[],
): { readonly path: string; readonly isGone: boolean }[] {
  const without = [...apart.map((path) => `/${path}`), ...mounts];
  const counts = (path: string): boolean =>
    !without.some((one) => path === one || path.startsWith(`${one}/`) || one.startsWith(`${path}/`));
  return [
    ...[...(added ?? []), ...(changed ?? [])].filter(counts).map((path) => ({ path, isGone: false })),
    ...(deleted ?? []).filter(counts).map((path) => ({ path, isGone: true })),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
}
