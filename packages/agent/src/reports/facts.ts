import { readFile, statfs } from 'node:fs/promises';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import type { Report } from '@xylem/core';

export type Facts = Report['facts'];

/** What this host says of itself. */
export async function hostFacts(stateFolder: string): Promise<Facts> {
  const osVersion = (await osReleaseVersion()) ?? release();
  const disk = await statfs(stateFolder).catch(() => null);
  return {
    os: platform(),
    osVersion,
    arch: arch(),
    node: process.versions.node,
    cores: cpus().length,
    memoryBytes: totalmem(),
    ...(disk === null ? {} : { diskFreeBytes: disk.bavail * disk.bsize }),
  };
}

async function osReleaseVersion(): Promise<string | null> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const values = new Map(
    text.split('\n').map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1).replace(/^"(.*)"$/, '$1')];
    }),
  );
  const id = values.get('ID');
  return id === undefined ? null : `${id} ${values.get('VERSION_ID') ?? ''}`.trim().slice(0, 200);
}
