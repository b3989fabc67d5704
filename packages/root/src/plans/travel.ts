import {
  type Digest,
  type DomainId,
  type HostChange,
  type PackageDocument,
  platformOf,
  variantFor,
  XylemError,
} from '@xylem/core';
import type { Travel } from '@xylem/store';
import type { PlanFound } from '../api/schemas/plan-found.ts';
import type { Database } from '../db/tables.ts';
import type { Candidate } from '../gates/gate.ts';
import { packageOfVersion } from '../publishing/stored-packages.ts';
import { travelBetween } from '../publishing/travel-between.ts';
import type { HeardHost } from './facts.ts';
import type { PlanOptions } from './prepare.ts';

const how =
  'From the packs that new and former versions lie in: frames that the former version of a host does not have. Patches and hosts that keep more make it less; behind relays each object is fetched once.';

/** From one tree to another, by both: what was found out for one environment holds for the next. */
export type KnownTravels = Map<string, Promise<Travel | null>>;

/** What travels to hosts, all together, and what it takes on the host that takes the most. */
export async function bytesOf(
  options: PlanOptions,
  { product }: Pick<Candidate, 'product'>,
  coming: readonly PackageDocument[],
  {
    changes,
    hosts,
    travels,
  }: {
    readonly changes: readonly HostChange[];
    readonly hosts: ReadonlyMap<string, HeardHost>;
    readonly travels: KnownTravels;
  },
): Promise<PlanFound['bytes']> {
  const needed = neededBy(coming, changes, hosts);
  const installed = Math.max(0, ...needed.values());
  const documents = new Map(coming.map((document) => [document.component, document]));
  const former = await formerDocuments(options.db, product, changes);
  const domain = await domainOf(options.db, product);
  let whole = 0;
  let likely = 0;
  for (const { host, component, from, to } of changes) {
    const document = documents.get(component);
    if (to === null || document === undefined) continue;
    const tree = treeOf(document, hosts.get(host));
    const before = treeOf(former.get(`${component} ${from}`), hosts.get(host));
    const key = `${tree} ${before}`;
    const travel = travels.get(key) ?? knownTravel(options, domain, tree, before);
    travels.set(key, travel);
    const cost = await travel;
    if (cost === null)
      return { installed, whole: null, likely: null, how: 'The offers of its packages can not be read.' };
    whole += cost.wholeBytes;
    likely += cost.likelyBytes;
  }
  return { installed, whole, likely, how };
}

/** Bytes of new trees by host, uncompressed, as if nothing of the former ones could be linked. */
export function neededBy(
  coming: readonly PackageDocument[],
  changes: readonly HostChange[],
  hosts: ReadonlyMap<string, HeardHost>,
): Map<string, number> {
  const needed = new Map<string, number>();
  for (const { host, component, to } of changes) {
    const document = coming.find((one) => one.component === component);
    if (to === null || document === undefined) continue;
    needed.set(host, (needed.get(host) ?? 0) + variantOf(document, hosts.get(host)).sizeBytes);
  }
  return needed;
}

/** That the host would take; where it is not known, the largest. */
function variantOf(
  document: PackageDocument,
  heard: HeardHost | undefined,
): PackageDocument['variants'][number] {
  const platform = platformOf(heard?.report?.facts);
  const fitting = platform === null ? null : variantFor(document, platform);
  const [largest] = [...document.variants].sort((a, b) => b.sizeBytes - a.sizeBytes);
  if (largest === undefined)
    throw new XylemError('E_PACKAGE_INVALID', `${document.component} has no variant.`);
  return fitting ?? largest;
}

const treeOf = (document: PackageDocument | undefined, heard: HeardHost | undefined): Digest | null =>
  document === undefined ? null : variantOf(document, heard).tree;

/** Null: an offer can't be read. */
async function knownTravel(
  { repository }: PlanOptions,
  domain: DomainId,
  to: Digest | null,
  from: Digest | null,
): Promise<Travel | null> {
  try {
    return to === null ? null : await travelBetween(repository, domain, { from, to });
  } catch (error) {
    if (error instanceof XylemError && error.code !== 'E_STORAGE') return null;
    throw error;
  }
}

/** By component and version. */
async function formerDocuments(
  db: Database,
  product: string,
  changes: readonly HostChange[],
): Promise<Map<string, PackageDocument>> {
  const found = new Map<string, PackageDocument>();
  for (const key of new Set(
    changes.flatMap(({ component, from }) => (from === null ? [] : [`${component} ${from}`])),
  )) {
    const [component = '', version = ''] = key.split(' ');
    const document = await packageOfVersion(db, product, component, version);
    if (document !== null) found.set(key, document);
  }
  return found;
}

async function domainOf(db: Database, product: string): Promise<DomainId> {
  const row = await db
    .selectFrom('products')
    .select('domain')
    .where('product', '=', product)
    .executeTakeFirstOrThrow();
  return row.domain as DomainId;
}
