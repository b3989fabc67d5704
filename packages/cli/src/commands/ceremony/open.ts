import { limits, type RepositoryId } from '@xylem/core';
import { type OpenCeremony, type OpenSigning, readCeremony, readSigning } from '@xylem/trust';
import type { Invocation } from '../../frame/define.ts';
import { readGiven } from '../../frame/given.ts';

/** What operators sign goes round as ceremonies do; null: the file is one of those. */
export async function openSigning(file: string): Promise<OpenSigning | null> {
  const bytes = await readGiven(file, limits.metadata);
  const isSigning = bytes.length <= limits.signingFile && bytes.includes('"xylem-signing-1"');
  return isSigning ? readSigning(bytes) : null;
}

/**
 * Reads a ceremony and proves what it begins from. The repository pinned in the context (--context, else the current one)
 * must be the one, if it is a release repository; a machine without a context, as an isolated one, has none pinned.
 */
export async function openCeremony(
  file: string,
  here: Pick<Invocation, 'home' | 'context'>,
): Promise<OpenCeremony & { readonly pinned: boolean }> {
  const bytes = await readGiven(file, limits.metadata);
  const open = await readCeremony(bytes, undefined);
  const pin = await pinnedHere(here);
  // A direction has no product and no targets of this kind; environments are not pinned here.
  if (open.trusted.targets === null || pin === undefined) return { ...open, pinned: false };
  return { ...(await readCeremony(bytes, pin)), pinned: true };
}

async function pinnedHere({
  home,
  context,
}: Pick<Invocation, 'home' | 'context'>): Promise<RepositoryId | undefined> {
  const name = context ?? (await home.contexts()).current;
  return name === undefined ? undefined : ((await home.context(name)).repository as RepositoryId | undefined);
}

/** How a signer knows which repository it is. */
export const ofWhich = ({ trusted, pinned }: OpenCeremony & { readonly pinned: boolean }): string =>
  pinned
    ? `Of the release repository ${trusted.id}, which is pinned here.`
    : `Of the ${trusted.targets === null ? 'direction' : 'release'} repository ${trusted.id}, which is not pinned here: compare the id.`;
