import { limits, type RepositoryId } from '@xylem/core';
import { type OpenCeremony, readCeremony } from '@xylem/trust';
import { readGiven } from '../../frame/given.ts';
import type { Home } from '../../home/home.ts';

/**
 * Reads a ceremony and proves what it begins from. The repository pinned in the current context must be the one, if it
 * is a release repository; a machine without a context, as an isolated one, has none pinned.
 */
export async function openCeremony(
  file: string,
  home: Home,
): Promise<OpenCeremony & { readonly pinned: boolean }> {
  const bytes = await readGiven(file, limits.metadata);
  const open = await readCeremony(bytes, undefined);
  const pin = await pinnedHere(home);
  // A direction has no product and no targets of this kind; environments are not pinned here.
  if (open.trusted.targets === null || pin === undefined) return { ...open, pinned: false };
  return { ...(await readCeremony(bytes, pin)), pinned: true };
}

async function pinnedHere(home: Home): Promise<RepositoryId | undefined> {
  const { current, contexts } = await home.contexts();
  const repository = current === undefined ? undefined : contexts[current]?.repository;
  return repository as RepositoryId | undefined;
}

/** How a signer knows which repository it is. */
export const ofWhich = ({ trusted, pinned }: OpenCeremony & { readonly pinned: boolean }): string =>
  pinned
    ? `Of the release repository ${trusted.id}, which is pinned here.`
    : `Of the ${trusted.targets === null ? 'direction' : 'release'} repository ${trusted.id}, which is not pinned here: compare the id.`;
