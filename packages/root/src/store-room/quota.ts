import type { DomainId } from '@xylem/core';
import { XylemError } from '@xylem/core';
import { heldObjects } from '@xylem/store';
import { appendAudit } from '../audit/audit.ts';
import { productNamed } from '../publishing/products.ts';
import type { Root } from '../root.ts';

/**
 * That a product has room for so many more bytes of objects. Objects that are sent at the same time are not seen by one
 * another: together they may pass the quota by what they have.
 * @throws XylemError E_PRODUCT_QUOTA
 */
export async function requireRoom(
  { db, repository }: Pick<Root, 'db' | 'repository'>,
  domain: DomainId,
  coming: number,
): Promise<void> {
  const row = await db
    .selectFrom('products')
    .select(['product', 'quota_bytes'])
    .where('domain', '=', domain)
    .executeTakeFirst();
  if (row === undefined || row.quota_bytes === null) return;
  const { bytes } = await heldObjects(repository, domain);
  if (bytes + coming <= row.quota_bytes) return;
  throw new XylemError(
    'E_PRODUCT_QUOTA',
    `${row.product} may have ${row.quota_bytes} bytes at this root server and has ${bytes}; ${coming} more do not fit.`,
    {
      details: { product: row.product, quotaBytes: row.quota_bytes, storedBytes: bytes, comingBytes: coming },
    },
  );
}

/** `bytes`: null for none. @throws XylemError E_NOT_FOUND */
export async function setQuota(root: Root, who: string, product: string, bytes: number | null) {
  await root.db.transaction().execute(async (trx) => {
    const row = await productNamed(trx, product);
    if (row.quota_bytes === bytes) return;
    await trx.updateTable('products').set({ quota_bytes: bytes }).where('product', '=', product).execute();
    await appendAudit(trx, root.clock.now(), {
      who,
      what: 'store.quota',
      subject: `product/${product}`,
      before: { bytes: row.quota_bytes },
      after: { bytes },
    });
  });
  return { product, quotaBytes: bytes };
}
