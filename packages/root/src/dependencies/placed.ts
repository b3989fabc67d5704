import {
  type EnvironmentSpec,
  type KnownRelease,
  type PackageDocument,
  type PlacedComponent,
  type ProductDirection,
  placedComponents,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { storedPackage } from '../publishing/parsed.ts';

const atOnce = 500;

/**
 * What an environment's hosts are given: of each product the settled release, and those that came after it and have not
 * settled.
 */
export async function placedIn(
  trx: Database,
  spec: EnvironmentSpec,
  directions: readonly ProductDirection[],
): Promise<PlacedComponent[]> {
  const releases = directions.flatMap(({ settled, deployments }) =>
    [settled, ...deployments.map(({ release }) => release)].filter((release) => release !== null),
  );
  // A paused deployment may bring what is settled.
  const once = [...new Map(releases.map((known) => [known.digest, known])).values()];
  return await placedReleases(trx, spec, once);
}

/** Components of these releases where an environment maps them; of one that is not mapped, all of them everywhere. */
export async function placedReleases(
  trx: Database,
  spec: EnvironmentSpec,
  releases: readonly KnownRelease[],
): Promise<PlacedComponent[]> {
  const wanted = releases.flatMap(({ release }) => release.packages.map((one) => one.package));
  const documents = await packageDocuments(trx, [...new Set(wanted)]);
  return releases.flatMap(({ release }) => {
    const packages = release.packages.flatMap((one) => documents.get(one.package) ?? []);
    const mapping = Object.hasOwn(spec.products, release.product) ? spec.products[release.product] : {};
    return placedComponents(release.version, mapping ?? {}, packages);
  });
}

async function packageDocuments(
  trx: Database,
  digests: readonly string[],
): Promise<Map<string, PackageDocument>> {
  const found = new Map<string, PackageDocument>();
  for (let at = 0; at < digests.length; at += atOnce) {
    const rows = await trx
      .selectFrom('packages')
      .select(['package', 'document'])
      .where('package', 'in', digests.slice(at, at + atOnce))
      .execute();
    for (const row of rows) found.set(row.package, storedPackage(row.document));
  }
  return found;
}
