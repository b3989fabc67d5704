import { createHash } from 'node:crypto';
import { readFile, stat, statfs } from 'node:fs/promises';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import type { HostId, Report } from '@xylem/core';
import { distributionNames, osRelease } from './os-release.ts';

export type Facts = Report['facts'];

/** Of reports alone. */
interface ReportedFacts {
  readonly host: HostId;
  readonly addresses: readonly string[];
}

/** What this host says of itself. */
export async function hostFacts(stateFolder: string, reported?: ReportedFacts): Promise<Facts> {
  const distribution = await osRelease();
  const named = distribution && `${distribution.id} ${distribution.version ?? ''}`.trim().slice(0, 200);
  const disk = await statfs(stateFolder).catch(() => null);
  return {
    os: platform(),
    osVersion: named ?? release(),
    ...distributionNames(distribution),
    arch: arch(),
    node: process.versions.node,
    cores: cpus().length,
    memoryBytes: totalmem(),
    ...(disk === null ? {} : { diskFreeBytes: disk.bavail * disk.bsize }),
    ...(reported === undefined ? {} : { boot: await bootOf(stateFolder, reported.host), ...said(reported) }),
  };
}

const said = ({ addresses }: ReportedFacts): Pick<Facts, 'addresses'> =>
  addresses.length === 0 ? {} : { addresses };

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
