import { createHash } from 'node:crypto';
import { readFile, stat, statfs } from 'node:fs/promises';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import type { HostId, Report } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import { distributionNames, osRelease } from './os-release.ts';

export type Facts = Report['facts'];

/** Of what seldom changes, reports say what was so at most so long ago. */
const lookAgainMs = 600_000;

/** What this host says of itself when it joins. */
export async function hostFacts(stateFolder: string): Promise<Facts> {
  return { ...(await lasting()), ...(await passing(stateFolder)) };
}

/** What reports say besides: which machine this is, and its addresses. */
export function reportedFacts(
  stateFolder: string,
  host: HostId,
  clock: Pick<Clock, 'monotonicMs'>,
  addresses: () => readonly string[],
): () => Promise<Facts> {
  let known: { readonly atMs: number; readonly facts: Facts } | null = null;
  return async () => {
    const nowMs = clock.monotonicMs();
    if (known === null || nowMs - known.atMs >= lookAgainMs)
      known = {
        atMs: nowMs,
        facts: { ...(await lasting()), boot: await bootOf(stateFolder, host) },
      };
    const own = addresses();
    return {
      ...known.facts,
      ...(await passing(stateFolder)),
      ...(own.length === 0 ? {} : { addresses: own }),
    };
  };
}

async function lasting(): Promise<Facts> {
  const distribution = await osRelease();
  const named = distribution && `${distribution.id} ${distribution.version ?? ''}`.trim().slice(0, 200);
  return {
    os: platform(),
    osVersion: named ?? release(),
    ...distributionNames(distribution),
    arch: arch(),
    node: process.versions.node,
    cores: cpus().length,
    memoryBytes: totalmem(),
  };
}

async function passing(stateFolder: string): Promise<Pick<Facts, 'diskFreeBytes'>> {
  const disk = await statfs(stateFolder).catch(() => null);
  return disk === null ? {} : { diskFreeBytes: disk.bavail * disk.bsize };
}

/**
 * Tells two machines with copies of one state folder apart, and says nothing else: the host id salts it. Inode and device
 * tell copies on one machine apart.
 */
async function bootOf(stateFolder: string, host: HostId): Promise<string> {
  const text = async (path: string): Promise<string> => (await readFile(path, 'utf8').catch(() => '')).trim();
  const { dev, ino } = await stat(stateFolder);
  const parts = [
    await text('/proc/sys/kernel/random/boot_id'),
    await text('/etc/machine-id'),
    `${dev}:${ino}`,
  ];
  const hash = createHash('sha256').update('xylem-boot-1\0');
  for (const part of [host, ...parts]) hash.update(`${part}\0`);
  return hash.digest('hex').slice(0, 32);
}
