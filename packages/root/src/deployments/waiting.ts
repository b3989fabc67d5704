import type { XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';

/** What follows a channel and may not begin yet, by environment and product. */
export async function waitingStarts(db: Database, environment?: string) {
  const query = db.selectFrom('waiting_starts').selectAll().orderBy('environment').orderBy('product');
  return await (environment === undefined ? query : query.where('environment', '=', environment)).execute();
}

/** @returns whether it waits for something else than before */
export async function keepWaiting(
  db: Database,
  environment: string,
  product: string,
  version: string,
  { code, message: reason }: XylemError,
  nowMs: number,
): Promise<boolean> {
  const known = await db
    .selectFrom('waiting_starts')
    .selectAll()
    .where('environment', '=', environment)
    .where('product', '=', product)
    .executeTakeFirst();
  if (known?.version === version && known.reason === reason) return false;
  const since_ms = known?.version === version ? known.since_ms : nowMs;
  const values = { version, code, reason, since_ms };
  await db
    .insertInto('waiting_starts')
    .values({ environment, product, ...values })
    .onConflict((c) => c.columns(['environment', 'product']).doUpdateSet(values))
    .execute();
  return true;
}

/** Whatever begins there by anybody is a newer word than what waited. */
export async function forgetWaiting(db: Database, environment: string, product: string): Promise<void> {
  await db
    .deleteFrom('waiting_starts')
    .where('environment', '=', environment)
    .where('product', '=', product)
    .execute();
}
