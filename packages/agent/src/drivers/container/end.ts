import { readdir } from 'node:fs/promises';
import { stopTimeoutDefaultMs } from '@xylem/core';
import type { StateLayout } from '../../state/layout.ts';
import { type FoundContainer, findContainers, removeContainer } from './containers.ts';
import { containerPlaces } from './names.ts';
import { removeSecretFiles } from './secret-files.ts';

/**
 * Ends the containers of a state folder that fit, without an agent; images and data stay. How many there were.
 * @throws XylemError E_PODMAN
 */
export async function endContainers(
  layout: StateLayout,
  fits: (found: FoundContainer) => boolean,
): Promise<number> {
  const components = await readdir(containerPlaces(layout).components).catch(() => []);
  const found = (await findContainers(layout.root, components)).filter(fits);
  for (const { id, component } of found) {
    await removeContainer(id, stopTimeoutDefaultMs);
    await removeSecretFiles(layout.root, component);
  }
  return found.length;
}
