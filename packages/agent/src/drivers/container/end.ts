import { readdir } from 'node:fs/promises';
import { stopTimeoutDefaultMs } from '@xylem/core';
import type { StateLayout } from '../../state/layout.ts';
import { removeContainer } from './containers.ts';
import { containerPlaces } from './names.ts';
import { removeSecretFiles } from './secret-files.ts';
import { type SeenContainer, seeContainers } from './seen.ts';
import { endUnit } from './units.ts';

/** Ends what there is of a component's container, so that nothing starts it again. Can be repeated. */
export async function endContainer(
  { component, found }: Pick<SeenContainer, 'component' | 'found'>,
  stopTimeoutMs: number,
  layout: StateLayout,
): Promise<void> {
  // First: systemd would start what podman alone has ended.
  await endUnit(component, stopTimeoutMs, layout);
  if (found !== null) await removeContainer(found.id, stopTimeoutMs);
}

/**
 * Ends the containers of a state folder that fit, without an agent; images and data stay. How many there were.
 * @throws XylemError E_PODMAN
 */
export async function endContainers(
  layout: StateLayout,
  fits: (container: { readonly sealed: boolean }) => boolean,
): Promise<number> {
  const components = await readdir(containerPlaces(layout).components).catch(() => []);
  const seen = (await seeContainers(layout, components)).filter(({ found, unit }) =>
    fits({ sealed: found?.sealed === true || unit?.isSealed === true }),
  );
  for (const one of seen) {
    await endContainer(one, stopTimeoutDefaultMs, layout);
    await removeSecretFiles(layout.root, one.component);
  }
  return seen.length;
}
