import { access, rename, rm, utimes } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import { syncFolder } from '@xylem/platform';
import type { Execute } from './executor.ts';
import { treeFault } from './verify-tree.ts';

/**
 * Invariant: `trees/<digest>` appears by one rename, after its text and after all of it was verified and synced.
 */
export const stage: Execute<'stage'> = async ({ tree }, { component, tools }) => {
  const own = tools.layout.component(component);
  const incoming = own.incoming(tree);
  const placed = own.tree(tree);
  if (await exists(incoming)) {
    // Left without a text by something other than us: what has just come is better.
    if (await exists(placed)) await rm(placed, { recursive: true, force: true });
    if (await exists(`${incoming}.tree`)) await rename(`${incoming}.tree`, `${placed}.tree`);
    // Marks the moment up to which the files are known to be good: what changes later is hashed before it is used.
    const nowSeconds = tools.clock.now() / 1000;
    await utimes(`${placed}.tree`, nowSeconds, nowSeconds);
    await rename(incoming, placed);
    await syncFolder(own.trees);
    return;
  }
  const fault = await treeFault(placed, `${placed}.tree`, tree);
  if (fault === null) return;
  // Gone, so that the next plan fetches it again, with what is still good of other trees.
  await rm(`${placed}.tree`, { force: true });
  await rm(placed, { recursive: true, force: true });
  await syncFolder(own.trees);
  throw new XylemError(
    'E_OBJECT_DIGEST',
    `The kept tree ${tree} of ${component} was damaged: ${fault}. It is fetched again.`,
    {
      retry: 'later',
    },
  );
};

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
