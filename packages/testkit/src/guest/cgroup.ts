import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitUntil } from '../wait-until.ts';

/** One group in every hierarchy of the machine, so that a guest's systemd sees no other guest's groups. */
export interface GuestGroup {
  /** A process that writes its id to these is in the group. */
  readonly procs: readonly string[];
  remove(): Promise<void>;
}

export async function guestGroup(name: string, memoryBytes: number): Promise<GuestGroup> {
  const mounts = await hierarchies();
  const groups = mounts.map((mount) => join(mount, name));
  for (const group of groups) {
    await mkdir(group);
    // Without cpus and memory nodes of its own a group of cpuset takes nobody.
    if (group.includes('/cpuset/')) await inherit(group, ['cpuset.cpus', 'cpuset.mems']);
    for (const limit of ['memory.limit_in_bytes', 'memory.max']) {
      const file = join(group, limit);
      if (existsSync(file)) await writeFile(file, String(memoryBytes));
    }
  }
  return {
    procs: groups.map((group) => join(group, 'cgroup.procs')),
    remove: async () => {
      const isGone = (): Promise<boolean> =>
        Promise.all(groups.map(removeGroup)).then(
          () => true,
          () => false,
        );
      await waitUntil(isGone, 20_000, `the end of ${name}'s processes`);
    },
  };
}

async function hierarchies(): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  return mounts.flatMap(([, at = '', type = '']) => (type.startsWith('cgroup') ? [at] : []));
}

async function inherit(group: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    await writeFile(join(group, file), await readFile(join(group, '..', file), 'utf8'));
  }
}

async function removeGroup(group: string): Promise<void> {
  if (!existsSync(group)) return;
  for (const entry of await readdir(group, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeGroup(join(group, entry.name));
  }
  await rmdir(group);
}
