import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestPackage, writeTree } from './packages.ts';
import type { PodmanStore } from './podman-store.ts';

/** A container that somebody started by hand from the image of a package. */
export interface ContainerByHand {
  readonly id: string;
  readonly pid: number;
}

/** Loads the image of a package under a name of somebody's own. @returns podman's id of it */
export async function imageByHand(
  store: PodmanStore,
  thing: Pick<TestPackage, 'files'>,
  name: string,
): Promise<string> {
  // podman names what it loads after the folder, and takes no capital letters: those of a temporary one.
  const own = join('/tmp', `xylem-by-hand-${process.pid}-${name}`);
  const folder = join(own, 'image');
  await writeTree(folder, thing.files);
  try {
    const id = (await store.podman('pull', '--quiet', `oci:${folder}`)).trim();
    await store.podman('tag', id, `localhost/${name}:latest`);
    await store.podman('untag', id, `localhost${folder}:latest`);
    return id;
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** Which container runs under that name, null for none. */
export async function runningContainer(store: PodmanStore, name: string): Promise<ContainerByHand | null> {
  const said = await store
    .podman('container', 'inspect', '--format', '{{.Id}} {{.State.Pid}} {{.State.Status}}', name)
    .catch(() => '');
  const [id, pid, status] = said.trim().split(' ');
  if (id === undefined || status !== 'running') return null;
  assert.ok(Number(pid) > 0);
  return { id, pid: Number(pid) };
}
