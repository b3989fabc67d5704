import { stat } from 'node:fs/promises';
import { type Digest, type DomainId, installObjects, namedParts, parseDesiredState } from '@xylem/core';
import { readOffer, repositorySource } from '@xylem/store';
import type { Database } from '../db/tables.ts';
import { storedPackage, storedRelease } from '../publishing/parsed.ts';
import type { Root } from '../root.ts';

export interface UnusedPackage {
  readonly product: string;
  readonly component: string;
  readonly version: string;
}

/** What may go in one domain. */
export interface Unused {
  readonly domain: DomainId;
  readonly packages: readonly UnusedPackage[];
  readonly trees: readonly Digest[];
  readonly packs: readonly Digest[];
  /** Objects that packages name beside trees. */
  readonly objects: readonly Digest[];
}

/**
 * What nothing refers to: content of packages all of whose releases were retired by their publisher, which no host runs
 * and no direction of late names; trees that belong to no package; packs that no other tree's offer names. What came
 * after `beforeMs` stays, as its publishing may go on.
 * @throws XylemError E_OFFER_INVALID, E_OBJECT_MISSING: an offer of what stays can't be read, and nobody knows its needs
 */
export async function findUnused(
  { db, repository }: Pick<Root, 'db' | 'repository'>,
  beforeMs: number,
): Promise<Unused[]> {
  const named = await namedPackages(db);
  const found: Unused[] = [];
  for (const { product, domain } of await db.selectFrom('products').select(['product', 'domain']).execute()) {
    const { unused, used } = await packagesOf(db, product, { named, beforeMs });
    const usedTrees = new Set(used.flatMap(({ variants }) => variants.map(({ tree }) => tree)));
    const usedObjects = new Set(used.flatMap((one) => installObjects(one).map(({ digest }) => digest)));
    const trees = await db
      .selectFrom('trees')
      .select(['tree', 'created_ms'])
      .where('domain', '=', domain)
      .execute();
    const isUnused = ({ tree, created_ms }: (typeof trees)[number]): boolean =>
      !usedTrees.has(tree as Digest) && created_ms < beforeMs;
    const kept = trees.filter((one) => !isUnused(one)).map(({ tree }) => tree as Digest);
    found.push({
      domain: domain as DomainId,
      packages: unused.map(({ component, version }) => ({ product, component, version })),
      trees: trees.filter(isUnused).map(({ tree }) => tree as Digest),
      packs: await unusedPacks({ db, repository }, domain as DomainId, kept, beforeMs),
      objects: [...new Set(unused.flatMap((one) => installObjects(one).map(({ digest }) => digest)))].filter(
        (digest) => !usedObjects.has(digest),
      ),
    });
  }
  return found;
}

/** Packages that are directed somewhere, or were in one of the last versions of direction. */
async function namedPackages(db: Database): Promise<ReadonlySet<string>> {
  const present = await db.selectFrom('directions').select('document').execute();
  const former = await db.selectFrom('direction_history').select('document').execute();
  const parts = [...present, ...former].flatMap(({ document }) => namedParts(parseDesiredState(document)));
  return new Set(parts.map((part) => part.package as string));
}

async function packagesOf(
  db: Database,
  product: string,
  { named, beforeMs }: { readonly named: ReadonlySet<string>; readonly beforeMs: number },
) {
  const rows = await db
    .selectFrom('packages')
    .select(['component', 'version', 'package', 'document', 'created_ms'])
    .where('product', '=', product)
    .execute();
  const running = await db
    .selectFrom('running_counts')
    .select(['component', 'version'])
    .where('product', '=', product)
    .where('hosts', '>', 0)
    .execute();
  const runs = new Set(running.map(({ component, version }) => `${component} ${version}`));
  const released = await releasesByPackage(db, product);
  const isUnused = (row: (typeof rows)[number]): boolean =>
    released.get(row.package) === 'retired' &&
    row.created_ms < beforeMs &&
    !named.has(row.package) &&
    !runs.has(`${row.component} ${row.version}`);
  const documents = (some: typeof rows) => some.map(({ document }) => storedPackage(document));
  return {
    unused: documents(rows.filter(isUnused)),
    used: documents(rows.filter((row) => !isUnused(row))),
  };
}

/** Of each package that was released: whether all its releases are retired. */
async function releasesByPackage(db: Database, product: string): Promise<Map<string, 'retired' | 'live'>> {
  const rows = await db
    .selectFrom('releases')
    .select(['document', 'retired'])
    .where('product', '=', product)
    .execute();
  const found = new Map<string, 'retired' | 'live'>();
  for (const { document, retired } of rows)
    for (const one of storedRelease(document).packages)
      if (retired === 0 || !found.has(one.package))
        found.set(one.package, retired === 0 ? 'live' : 'retired');
  return found;
}

async function unusedPacks(
  { db, repository }: Pick<Root, 'db' | 'repository'>,
  domain: DomainId,
  keptTrees: readonly Digest[],
  beforeMs: number,
): Promise<Digest[]> {
  const source = repositorySource(repository);
  const used = new Set<Digest>();
  for (const tree of keptTrees) {
    const { offer } = await readOffer(domain, tree, { source });
    for (const [pack] of offer.packs) used.add(pack);
  }
  const packs = await db.selectFrom('packs').select('pack').where('domain', '=', domain).execute();
  const unused: Digest[] = [];
  for (const pack of packs.map((row) => row.pack as Digest)) {
    if (used.has(pack)) continue;
    const there = await stat(repository.objectPath(domain, pack)).catch(() => null);
    if (there === null || there.mtimeMs < beforeMs) unused.push(pack);
  }
  return unused;
}
