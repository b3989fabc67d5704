import { XylemError } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Database } from '../db/tables.ts';
import { allEnvironments, fullName } from '../environments/names.ts';
import type { Access } from './access.ts';

/** Which products somebody sees: by a grant, or because an environment that they read names them in its YAML. */
export async function visibleProducts(db: Database, access: Access): Promise<(product: string) => boolean> {
  if (access.everywhere('read')) return () => true;
  const named = new Set<string>();
  for (const row of await allEnvironments(db)) {
    if (!access.in('read', row)) continue;
    const { products } = parseEnvironmentYaml(row.yaml, fullName(row));
    for (const product of Object.keys(products)) named.add(product);
  }
  return (product) => named.has(product) || access.at('read', product);
}

/**
 * Refuses what somebody does not see, whether it exists or not. Whoever reads everything is told by what follows.
 * @throws XylemError E_NOT_FOUND
 */
export async function requireVisible(
  db: Database,
  access: Access,
  products: readonly string[],
): Promise<void> {
  const sees = await visibleProducts(db, access);
  for (const product of products) if (!sees(product)) throw noProduct(product);
}

export function noProduct(product: string): XylemError {
  return new XylemError(
    'E_NOT_FOUND',
    `There is no product ${product}. Create it by publishing a package of it.`,
  );
}
