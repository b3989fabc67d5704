import { type Config, configFor } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { newestPackage } from '../hosts/check-config.ts';

/**
 * A sealed value must stand where the newest package of the component knows a string; what else that package needs is
 * asked of the whole configuration later.
 * @throws XylemError E_CONFIG_INVALID
 */
export async function refuseMisplaced(
  db: Database,
  component: string,
  config: Config,
  sees: (product: string) => boolean,
): Promise<void> {
  const newest = await newestPackage(db, component, sees);
  if (newest === undefined) return;
  const { configSchema: schema, ...rest } = newest;
  if (schema === undefined || typeof schema === 'boolean') configFor(newest, config);
  else configFor({ ...rest, configSchema: { ...schema, required: [] } }, config);
}
