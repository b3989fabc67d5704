import { type KnownRelease, type ProductDirection, XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { fullName } from '../environments/names.ts';
import { retiredRelease } from '../publishing/releases.ts';
import type { Wanted } from './candidate.ts';
import { knownRelease } from './rows.ts';

/**
 * The release that is meant; null for an undeploy.
 * @throws XylemError E_NOT_FOUND, E_RELEASE_RETIRED, E_WITHDRAWN, E_INPUT (nothing to go back to)
 */
export async function chooseRelease(
  trx: Database,
  { kind, product, version, environment }: Wanted,
  { settled, deployments }: ProductDirection,
): Promise<KnownRelease | null> {
  if (kind === 'undeploy') {
    if (settled !== null || deployments.length > 0) return null;
    throw new XylemError('E_INPUT', `${product} is not deployed in ${fullName(environment)}.`);
  }
  if (version !== undefined) return await namedRelease(trx, product, version);
  if (kind === 'rollback') {
    // A deployment that has not succeeded is undone to what is settled; a settled one to what was before it.
    if (deployments.length > 0 && settled !== null) return await notRetired(trx, settled);
    const standing = await trx
      .selectFrom('standings')
      .select(['previous_release'])
      .where('environment', '=', environment.id)
      .where('product', '=', product)
      .executeTakeFirst();
    const previous = standing?.previous_release ?? null;
    if (previous !== null) return await notRetired(trx, await knownRelease(trx, product, previous));
    throw new XylemError(
      'E_INPUT',
      `There is no earlier release of ${product} in ${fullName(environment)} to go back to.`,
    );
  }
  throw new XylemError('E_INPUT', 'A deployment needs a version or a channel.');
}

/** Hosts would keep what they have, one after the other, and nobody be told why. @throws XylemError E_RELEASE_RETIRED */
async function notRetired(trx: Database, known: KnownRelease): Promise<KnownRelease> {
  const { product, version } = known.release;
  const row = await trx
    .selectFrom('releases')
    .select('retired')
    .where('product', '=', product)
    .where('release', '=', known.digest)
    .executeTakeFirst();
  if (row?.retired !== 1) return known;
  throw new XylemError(
    'E_RELEASE_RETIRED',
    `There is no way back to ${product}@${version}: its publisher has retired it, and no host takes it. Name another release with --version.`,
  );
}

/** @throws XylemError E_NOT_FOUND, E_RELEASE_RETIRED, E_WITHDRAWN */
export async function namedRelease(trx: Database, product: string, version: string): Promise<KnownRelease> {
  const row = await trx
    .selectFrom('releases')
    .select(['release', 'withdrawn', 'retired'])
    .where('product', '=', product)
    .where('version', '=', version)
    .executeTakeFirst();
  if (row === undefined) throw new XylemError('E_NOT_FOUND', `There is no release ${product}@${version}.`);
  if (row.retired === 1) throw retiredRelease(product, version);
  if (row.withdrawn === 1)
    throw new XylemError('E_WITHDRAWN', `${product}@${version} was withdrawn by its publisher.`);
  return await knownRelease(trx, product, row.release);
}
