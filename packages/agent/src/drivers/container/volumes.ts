import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { containerName } from './names.ts';
import { podman } from './podman.ts';
import { type RunPlaces, runArguments } from './run-arguments.ts';
import type { ContainerSpec } from './spec.ts';

/** Makes the folders of its data. Those that were empty are given to the container's user once. */
export async function makeVolumes({ volumes }: ContainerSpec, data: string): Promise<ReadonlySet<string>> {
  const empty = new Set<string>();
  for (const volume of volumes) {
    const folder = join(data, volume.data);
    await mkdir(folder, { recursive: true, mode: 0o755 });
    if ((await readdir(folder)).length === 0) empty.add(volume.data);
  }
  return empty;
}

/**
 * Gives new folders to the container's user, by a container that is made ready and never runs. podman does so at each
 * start that is asked to, with all that lies in them by then: a unit, which is started with every boot, must not ask.
 * @throws PodmanFailure
 */
export async function giveVolumes(
  spec: ContainerSpec,
  places: RunPlaces,
  signal: AbortSignal,
): Promise<void> {
  const name = containerName(spec.component);
  const [, , ...words] = runArguments(spec, places);
  const doing = `giving ${spec.component} its data folders`;
  for (const args of [
    ['create', ...words],
    ['init', name],
    ['rm', '--force', '--volumes', '--time', '0', name],
  ])
    await podman(doing, args, { signal });
}
