import type { Digest, DomainId } from '@xylem/core';
import { installObjects } from '@xylem/core';
import { heldObjects, readOffer, repositorySource } from '@xylem/store';
import type { StoreOfProduct, StoreShown } from '../api/schemas/store.ts';
import type { Access } from '../auth/access.ts';
import type { Database } from '../db/tables.ts';
import { storedPackage } from '../publishing/parsed.ts';
import { type ProductRow, productNamed } from '../publishing/products.ts';
import type { Root } from '../root.ts';

type Having = Pick<Root, 'db' | 'repository'>;

/** What each product has at this root server, and what of it is there once for many. */
export async function showStore({ db, repository }: Having, access: Access): Promise<StoreShown> {
  const rows = await db.selectFrom('products').selectAll().orderBy('product').execute();
  const seen = rows.filter(({ product }) => access.everywhere('read') || access.at('read', product));
  const products: StoreShown['products'] = [];
  for (const row of seen) products.push(await sumsOf({ db, repository }, row));
  return { products };
}

async function sumsOf(
  { db, repository }: Having,
  { product, domain, quota_bytes }: ProductRow,
): Promise<StoreShown['products'][number]> {
  const held = await heldObjects(repository, domain as DomainId);
  const { packages } = await db
    .selectFrom('packages')
    .select((is) => is.fn.countAll<number>().as('packages'))
    .where('product', '=', product)
    .executeTakeFirstOrThrow();
  const { trees, tree_bytes } = await db
    .selectFrom('trees')
    .select((is) => [is.fn.countAll<number>().as('trees'), is.fn.sum<number>('size_bytes').as('tree_bytes')])
    .where('domain', '=', domain)
    .executeTakeFirstOrThrow();
  const { content } = await db
    .selectFrom('pack_frames as f')
    .innerJoin('packs as p', 'p.id', 'f.pack_id')
    .select((is) => is.fn.sum<number>('f.raw_length').as('content'))
    .where('p.domain', '=', domain)
    .executeTakeFirstOrThrow();
  return {
    product,
    packages: Number(packages),
    trees: Number(trees),
    treeBytes: Number(tree_bytes ?? 0),
    contentBytes: Number(content ?? 0),
    storedBytes: held.bytes,
    sharedBytes: held.sharedBytes,
    patchBytes: await patchBytesOf(db, domain),
    quotaBytes: quota_bytes,
  };
}

async function patchBytesOf(db: Database, domain: string): Promise<number> {
  const { bytes } = await db
    .selectFrom('patches')
    .select((is) => is.fn.sum<number>('size_bytes').as('bytes'))
    .where('domain', '=', domain)
    .where('state', '=', 'made')
    .executeTakeFirstOrThrow();
  return Number(bytes ?? 0);
}

interface Published {
  readonly component: string;
  readonly version: string;
  treeBytes: number;
  broughtBytes: number;
}

/**
 * What each package brought that none before it had: what went with it, were it the last one to go.
 * @throws XylemError E_NOT_FOUND, E_OFFER_INVALID
 */
export async function showStoreOf({ db, repository }: Having, product: string): Promise<StoreOfProduct> {
  const row = await productNamed(db, product);
  const domain = row.domain as DomainId;
  const { sizes } = await heldObjects(repository, domain);
  const left = new Map(sizes);
  const take = (objects: readonly Digest[]): number => {
    let bytes = 0;
    for (const digest of objects) {
      bytes += left.get(digest) ?? 0;
      left.delete(digest);
    }
    return bytes;
  };
  const packages: Published[] = [];
  for (const { component, version, package: digest, document } of await packagesInOrder(db, product)) {
    const parsed = storedPackage(document);
    const one: Published = { component, version, treeBytes: 0, broughtBytes: 0 };
    for (const { tree, sizeBytes } of parsed.variants) {
      one.treeBytes += sizeBytes;
      one.broughtBytes += take(await packsOf({ db, repository }, domain, tree));
    }
    one.broughtBytes += take([digest as Digest, ...installObjects(parsed).map((object) => object.digest)]);
    packages.push(one);
  }
  packages.sort((a, b) => b.broughtBytes - a.broughtBytes);
  const { storedBytes, patchBytes, quotaBytes } = await sumsOf({ db, repository }, row);
  const brought = packages.reduce((sum, { broughtBytes }) => sum + broughtBytes, 0);
  return {
    product,
    storedBytes,
    patchBytes,
    otherBytes: Math.max(0, storedBytes - patchBytes - brought),
    quotaBytes,
    packages,
  };
}

const packagesInOrder = (db: Database, product: string) =>
  db
    .selectFrom('packages')
    .select(['component', 'version', 'package', 'document'])
    .where('product', '=', product)
    .orderBy('created_ms')
    .orderBy('component')
    .orderBy('version')
    .execute();

/** None where the tree was removed. */
async function packsOf({ db, repository }: Having, domain: DomainId, tree: Digest): Promise<Digest[]> {
  const known = await db
    .selectFrom('trees')
    .select('tree')
    .where('domain', '=', domain)
    .where('tree', '=', tree)
    .executeTakeFirst();
  if (known === undefined) return [];
  const { offer } = await readOffer(domain, tree, { source: repositorySource(repository) });
  return offer.packs.map(([digest]) => digest);
}
