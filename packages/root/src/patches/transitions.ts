import { compareVersions, type Digest, type PackageDocument, type Version } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { unsettledDeployments } from '../deployments/rows.ts';
import { storedPackage, storedRelease } from '../publishing/parsed.ts';

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
  for (const [product, counts] of Map.groupBy(await countsOf(db), (one) => one.product)) {
    const { domain } = await db
      .selectFrom('products')
      .select('domain')
      .where('product', '=', product)
      .executeTakeFirstOrThrow();
    for (const [key, hosts] of await versionsToGo(db, product, counts, nowMs)) {
      const [component = '', fromVersion = '', toVersion = ''] = key.split(' ');
      const from = await packageOf(db, product, component, fromVersion);
      const to = await packageOf(db, product, component, toVersion);
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
  nowMs: number,
): Promise<Map<string, number>> {
  const newest = await newestRelease(db, product, nowMs - expectedForMs);
  const hosts = new Map<string, number>();
  for (const [environment, own] of Map.groupBy(counts, (one) => one.environment)) {
    const wanted = await wantedRelease(db, environment, product);
    for (const { component, version, hosts: many } of own) {
      const targets = new Set([wanted?.get(component)]);
      const ahead = newest?.get(component);
      if (ahead !== undefined && compareVersions(ahead, version as Version) > 0) targets.add(ahead);
      for (const target of targets) {
        if (target === undefined || target === version) continue;
        const key = `${component} ${version} ${target}`;
        hosts.set(key, (hosts.get(key) ?? 0) + many);
      }
    }
  }
  return hosts;
}

type Packages = ReadonlyMap<string, Version>;

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

/** What the environment is on its way to. */
async function wantedRelease(db: Database, environment: string, product: string): Promise<Packages | null> {
  const underWay = (await unsettledDeployments(db, environment)).find((row) => row.product === product);
  const target =
    underWay === undefined
      ? undefined
      : (JSON.parse(underWay.document) as { readonly to: { readonly version: string } | null }).to;
  if (target === null) return null;
  const standing = await db
    .selectFrom('standings')
    .select('version')
    .where('environment', '=', environment)
    .where('product', '=', product)
    .executeTakeFirst();
  const version = target?.version ?? standing?.version ?? null;
  if (version === null) return null;
  const row = await db
    .selectFrom('releases')
    .select('document')
    .where('product', '=', product)
    .where('version', '=', version)
    .executeTakeFirst();
  return row === undefined ? null : packagesIn(row.document);
}

const packagesIn = (document: string): Packages =>
  new Map(storedRelease(document).packages.map(({ component, version }) => [component, version as Version]));

async function packageOf(
  db: Database,
  product: string,
  component: string,
  version: string,
): Promise<PackageDocument | null> {
  const row = await db
    .selectFrom('packages')
    .select('document')
    .where('product', '=', product)
    .where('component', '=', component)
    .where('version', '=', version)
    .executeTakeFirst();
  return row === undefined ? null : storedPackage(row.document);
}

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
