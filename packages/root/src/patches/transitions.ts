import { compareVersions, type Digest, type PackageDocument, type Version } from '@xylem/core';
import { inParts } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';
import { unsettledEverywhere } from '../deployments/rows.ts';
import { storedRelease } from '../publishing/parsed.ts';
import { packageOfVersion } from '../publishing/stored-packages.ts';

/** A way that hosts are likely to go: from the tree that they run to that of a newer release. */
export interface Transition {
  readonly domain: string;
  readonly product: string;
  readonly component: string;
  readonly fromTree: Digest;
  readonly toTree: Digest;
  readonly fromVersion: string;
  readonly toVersion: string;
  /** That run the former version, as they reported. */
  readonly hosts: number;
}

type Counted = Awaited<ReturnType<typeof countsOf>>[number];

/** A release is expected to be deployed for so long after it was published; later it takes a deployment. */
const expectedForMs = 14 * 24 * 3600_000;

/**
 * From what runs to what is directed, and to the newest release of each product before anybody deploys it. It costs what
 * there are of environments and versions, not of hosts.
 */
export async function likelyTransitions(db: Database, nowMs: number): Promise<Transition[]> {
  const found: Transition[] = [];
  const wanted = await wantedVersions(db);
  for (const [product, counts] of Map.groupBy(await countsOf(db), (one) => one.product)) {
    const { domain } = await db
      .selectFrom('products')
      .select('domain')
      .where('product', '=', product)
      .executeTakeFirstOrThrow();
    const going = { wanted: wanted.get(product) ?? new Map(), sinceMs: nowMs - expectedForMs };
    for (const [key, hosts] of await versionsToGo(db, product, counts, going)) {
      const [component = '', fromVersion = '', toVersion = ''] = key.split(' ');
      const from = await packageOfVersion(db, product, component, fromVersion);
      const to = await packageOfVersion(db, product, component, toVersion);
      if (from === null || to === null) continue;
      for (const [fromTree, toTree] of treesOf(from, to))
        found.push({ domain, product, component, fromTree, toTree, fromVersion, toVersion, hosts });
    }
  }
  return found;
}

const countsOf = (db: Database) =>
  db
    .selectFrom('running_counts')
    .select(['environment', 'product', 'component', 'version', 'hosts'])
    .where('hosts', '>', 0)
    .execute();

/** How many hosts would go, by `component version version`. */
async function versionsToGo(
  db: Database,
  product: string,
  counts: readonly Counted[],
  { wanted, sinceMs }: { readonly wanted: ReadonlyMap<string, string>; readonly sinceMs: number },
): Promise<Map<string, number>> {
  const releases = await releasesOf(db, product, [...new Set(wanted.values())]);
  const newest = await newestRelease(db, product, sinceMs);
  const hosts = new Map<string, number>();
  for (const { environment, component, version, hosts: many } of counts) {
    const targets = new Set([releases.get(wanted.get(environment) ?? '')?.get(component)]);
    const ahead = newest?.get(component);
    if (ahead !== undefined && compareVersions(ahead, version as Version) > 0) targets.add(ahead);
    for (const target of targets) {
      if (target === undefined || target === version) continue;
      const key = `${component} ${version} ${target}`;
      hosts.set(key, (hosts.get(key) ?? 0) + many);
    }
  }
  return hosts;
}

/** The version that each environment is on its way to, or has settled on, by product. */
async function wantedVersions(db: Database): Promise<Map<string, Map<string, string>>> {
  const found = new Map<string, Map<string, string>>();
  const of = (product: string): Map<string, string> => {
    const known = found.get(product) ?? new Map<string, string>();
    found.set(product, known);
    return known;
  };
  const standings = await db.selectFrom('standings').select(['environment', 'product', 'version']).execute();
  for (const { environment, product, version } of standings)
    if (version !== null) of(product).set(environment, version);
  for (const { environment, product, document } of await unsettledEverywhere(db)) {
    const { to } = JSON.parse(document) as { readonly to: { readonly version: string } | null };
    if (to === null) of(product).delete(environment);
    else of(product).set(environment, to.version);
  }
  return found;
}

type Packages = ReadonlyMap<string, Version>;

async function releasesOf(
  db: Database,
  product: string,
  versions: readonly string[],
): Promise<Map<string, Packages>> {
  const rows = await inParts(versions, (some) =>
    db
      .selectFrom('releases')
      .select(['version', 'document'])
      .where('product', '=', product)
      .where('version', 'in', some)
      .execute(),
  );
  return new Map(rows.map(({ version, document }) => [version, packagesIn(document)]));
}

async function newestRelease(db: Database, product: string, sinceMs: number): Promise<Packages | null> {
  const row = await db
    .selectFrom('releases')
    .select('document')
    .where('product', '=', product)
    .where('withdrawn', '=', 0)
    .where('retired', '=', 0)
    .where('created_ms', '>=', sinceMs)
    .orderBy('created_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : packagesIn(row.document);
}

const packagesIn = (document: string): Packages =>
  new Map(storedRelease(document).packages.map(({ component, version }) => [component, version as Version]));

/** Of each platform that both are for. */
function treesOf(from: PackageDocument, to: PackageDocument): [Digest, Digest][] {
  const former = new Map(from.variants.map((variant) => [platformOf(variant), variant.tree]));
  const pairs = to.variants.flatMap((variant): [string, [Digest, Digest]][] => {
    const tree = former.get(platformOf(variant));
    return tree === undefined || tree === variant.tree
      ? []
      : [[`${tree}${variant.tree}`, [tree, variant.tree]]];
  });
  return [...new Map(pairs).values()];
}

const platformOf = ({ os, arch, distribution, distributionVersion }: PackageDocument['variants'][number]) =>
  [os, arch, distribution, distributionVersion].join(' ');
