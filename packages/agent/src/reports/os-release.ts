import { readFile } from 'node:fs/promises';
import type { Platform } from '@xylem/core';

/** What a Linux distribution says of itself; null where nothing does. */
export async function osRelease(): Promise<{ readonly id: string; readonly version: string | null } | null> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const values = new Map(
    text.split('\n').map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1).replace(/^(["'])(.*)\1$/, '$2')];
    }),
  );
  const id = values.get('ID');
  return id === undefined || id === '' ? null : { id, version: values.get('VERSION_ID') ?? null };
}

/** What variants of packages tell this host apart by. */
export async function hostPlatform(): Promise<Platform> {
  return { os: process.platform, arch: process.arch, ...distributionNames(await osRelease()) };
}

/** As variants and facts name a distribution. Pure. */
export function distributionNames(
  release: Awaited<ReturnType<typeof osRelease>>,
): Pick<Platform, 'distribution' | 'distributionVersion'> {
  if (release === null) return {};
  const { id, version } = release;
  return {
    distribution: id.slice(0, 200),
    ...(version === null ? {} : { distributionVersion: version.slice(0, 200) }),
  };
}
