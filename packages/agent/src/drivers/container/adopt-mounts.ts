import { constants } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Difference } from '../../adopt/differences.ts';
import type { InspectedContainer, SeenMount } from './adopt-inspected.ts';
import type { ContainerSpec } from './spec.ts';

/**
 * Whether each volume of the package is mounted from where the next start takes it, and nothing else is. Where the data
 * lies in another folder, a link to that from the component's own is as good.
 * @param data the component's data folder
 */
export async function mountDifferences(
  { Mounts }: InspectedContainer,
  { volumes, secretFiles }: ContainerSpec,
  data: string,
): Promise<Difference[]> {
  const left = new Map((Mounts ?? []).map((mount) => [mount.Destination, mount]));
  const found: Difference[] = [];
  for (const volume of volumes) {
    const mount = left.get(volume.at);
    left.delete(volume.at);
    const what = await volumeFault(mount, join(data, volume.data), volume.readOnly);
    if (what !== null) found.push({ path: `its volume ${volume.at}`, what });
  }
  for (const name of Object.keys(secretFiles)) left.delete(`/run/secrets/${name}`);
  for (const path of left.keys()) {
    // Also of a volume that the image asks for: what lies there would stay behind.
    found.push({ path, what: 'is mounted besides, and would not be with the next start', extra: true });
  }
  return found;
}

async function volumeFault(
  mount: SeenMount | undefined,
  folder: string,
  isReadOnly: boolean,
): Promise<string | null> {
  if (mount === undefined) return 'is not mounted';
  if (mount.Type !== 'bind')
    return 'is a volume that podman keeps, and may clear away once another container runs: it has to be a folder';
  const [source, wanted] = await Promise.all([real(mount.Source), real(folder)]);
  if (source === null || source !== wanted)
    return `is another folder: make ${folder} a link to it, so that the next start finds the same`;
  if (mount.RW === isReadOnly) return isReadOnly ? 'can be written to' : 'is read-only';
  return null;
}

const real = (path: string): Promise<string | null> => realpath(path).catch(() => null);

const mostBytes = 1024 * 1024;

/** Whether the process has the files that the package gives it; what they hold is never told. */
export async function secretDifferences(
  pid: number,
  wanted: Readonly<Record<string, string>>,
): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const [name, text] of Object.entries(wanted)) {
    const path = `/run/secrets/${name}`;
    const seen = await readInside(pid, ['run', 'secrets', name]);
    if (seen === null) found.push({ path, what: 'is missing' });
    else if (!seen.equals(Buffer.from(text))) found.push({ path, what: 'has other bytes' });
  }
  return found;
}

/** No link is followed: one made in the container would lead into the host. */
async function readInside(pid: number, words: readonly string[]): Promise<Buffer | null> {
  let path = `/proc/${pid}/root`;
  try {
    for (const word of words.slice(0, -1)) {
      path = join(path, word);
      if (!(await lstat(path)).isDirectory()) return null;
    }
    path = join(path, words.at(-1) ?? '');
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { size } = await file.stat();
      if (!(await file.stat()).isFile() || size > mostBytes) return null;
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}
