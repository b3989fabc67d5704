import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stopTimeoutDefaultMs } from '@xylem/core';
import type { Clear } from '../driver.ts';
import { endContainer } from './end.ts';
import { removeImages } from './image.ts';
import { containerPlaces } from './names.ts';
import { removeSecretFiles } from './secret-files.ts';
import { seeContainers } from './seen.ts';

/**
 * Removes the images of trees that go. Invariant: before the trees, so that one that was cut off is begun again; and
 * its own folder last of all, so that it is known that podman may have something of this component.
 */
export const clearContainer: Clear = async (component, keep, tools) => {
  const folder = join(containerPlaces(tools.layout).components, component);
  const has = await access(folder).then(
    () => true,
    () => false,
  );
  if (!has) return;
  if (keep.length === 0) {
    // Seen or not when the plan was made.
    for (const one of await seeContainers(tools.layout, [component], tools.signal)) {
      await endContainer(one, stopTimeoutDefaultMs, tools.layout);
    }
    await removeSecretFiles(tools.layout.root, component);
  }
  await removeImages(component, new Set(keep), tools);
  if (keep.length === 0) await rm(folder, { recursive: true, force: true });
};
