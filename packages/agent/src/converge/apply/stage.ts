import { access, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { syncFolder } from '@xylem/platform';
import { doubt } from '../../drift/doubt.ts';
import { treeFault } from '../../drift/verify-tree.ts';
import type { Execute } from './executor.ts';

/**
 * Invariant: `trees/<digest>` appears by one rename, after its text and after all of it was verified and synced.
 */
export const stage: Execute<'stage'> = async ({ tree }, { component, tools }) => {
  const own = tools.layout.component(component);
  const incoming = own.incoming(tree);
  const placed = own.tree(tree);
  const text = own.text(tree);
  if (await exists(incoming)) {
    // A doubted one: away first, for its text must not be made good while it is still there.
    const doomed = join(own.trees, `.retired-${tree}`);
    await rm(doomed, { recursive: true, force: true });
    if (await exists(placed)) await rename(placed, doomed);
    if (await exists(`${incoming}.tree`)) await rename(`${incoming}.tree`, text);
    // Marks the moment up to which the files are known to be good: what changes later is hashed before it is used.
    const nowSeconds = tools.clock.now() / 1000;
    await utimes(text, nowSeconds, nowSeconds);
    await rename(incoming, placed);
    await syncFolder(own.trees);
    await rm(doomed, { recursive: true, force: true });
    return;
  }
  const fault = await treeFault({ folder: placed, textPath: text, tree });
  if (fault === null) return;
  // The next plan fetches it again, with what is still good of it; until then what runs from it keeps its files.
  await doubt(text);
  throw new XylemError(
    'E_OBJECT_DIGEST',
    `The kept tree ${tree} of ${component} was damaged: ${fault}. It is fetched again.`,
    { retry: 'later' },
  );
};

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
