import { timeOf, XylemError } from '@xylem/core';
import { productRoleName } from '@xylem/trust';
import type { Product, ProductCreate } from '../api/schemas/publishing.ts';
import { appendAudit } from '../audit/audit.ts';
import { noProduct } from '../auth/visible.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import type { Root } from '../root.ts';
import { checkTargetsUpload } from './check-targets.ts';
import type { ReleasePublisher } from './release-publisher.ts';
import { checkUpload, publishingLock, requireBase, roleNamed, saveRole } from './roles.ts';

export interface ProductRow {
  readonly product: string;
  readonly domain: string;
  readonly repository: string;
  readonly created_ms: number;
  /** What it may have at this root server; null: no bound. */
  readonly quota_bytes: number | null;
}

/** @throws XylemError E_NOT_FOUND */
export async function productNamed(db: Database, product: string): Promise<ProductRow> {
  const row = await db.selectFrom('products').selectAll().where('product', '=', product).executeTakeFirst();
  if (row !== undefined) return row;
  throw noProduct(product);
}

/** @throws XylemError E_CONFLICT on a root server that has no release repository of its own */
export function requireReleases(root: Root): ReleasePublisher {
  if (root.releases !== null) return root.releases;
  throw new XylemError(
    'E_CONFLICT',
    'This root server was made without a vendor, so nothing can be published here.',
  );
}

/**
 * Creates a product: new targets metadata of the vendor that delegates to its role, and that role.
 * The same product and domain again is a repetition and changes nothing.
 */
export async function createProduct(root: Root, who: string, body: ProductCreate): Promise<Product> {
  const releases = requireReleases(root);
  const { repository } = releases;
  const { product, domain } = body;
  await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, publishingLock);
    const nowMs = root.clock.now();
    const known = await trx
      .selectFrom('products')
      .selectAll()
      .where('product', '=', product)
      .executeTakeFirst();
    if (known?.domain === domain) return;
    if (known !== undefined) throw new XylemError('E_CONFLICT', `There is already a product ${product}.`);
    const current = await roleNamed(trx, repository, 'targets');
    requireBase('targets', body.targets.baseVersion, current.version);
    const rootMetadata = await roleNamed(trx, repository, 'root');
    checkTargetsUpload({
      root: rootMetadata.metadata,
      current: current.metadata,
      uploaded: body.targets.metadata,
      product,
      domain,
      nowMs,
    });
    const { changed } = await checkUpload(trx, {
      repository,
      domain,
      roles: body.roles,
      targets: body.targets.metadata,
      nowMs,
    });
    await trx.insertInto('products').values({ product, domain, repository, created_ms: nowMs }).execute();
    await saveRole(trx, repository, 'targets', Buffer.from(body.targets.metadata));
    for (const { role, file } of changed) await saveRole(trx, repository, role, file.bytes);
    await appendAudit(trx, nowMs, {
      who,
      what: 'product.create',
      subject: `product/${product}`,
      after: { domain },
    });
  });
  await releases.publish();
  return await showProduct(root.db, await productNamed(root.db, product));
}

export async function showProduct(db: Database, row: ProductRow): Promise<Product> {
  const role = productRoleName(row.domain as Parameters<typeof productRoleName>[0]);
  const { version } = await roleNamed(db, row.repository, role);
  const { product, domain, repository } = row;
  return { product, domain, repository, role, roleVersion: version, created: timeOf(row.created_ms) };
}

export async function listProducts(db: Database): Promise<Product[]> {
  const rows = await db.selectFrom('products').selectAll().orderBy('product').execute();
  return await Promise.all(rows.map((row) => showProduct(db, row)));
}
