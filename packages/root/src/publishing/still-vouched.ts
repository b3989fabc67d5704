import { type DomainId, timeOf, XylemError } from '@xylem/core';
import { delegateRoleName, readDelegatesUnverified, readRole, releaseTarget } from '@xylem/trust';
import type { Database } from '../db/tables.ts';
import { productNamed } from './products.ts';
import { rolesOfProduct } from './roles.ts';

/**
 * A delegation ends by itself: no role changes then, so the record does not say that nobody takes the release any more.
 * @throws XylemError E_RELEASE_RETIRED if none vouch for the release but delegates whose end has come
 */
export async function requireVouched(
  db: Database,
  release: { readonly product: string; readonly version: string; readonly digest: string },
  nowMs: number,
): Promise<void> {
  const { product, version, digest } = release;
  const row = await productNamed(db, product);
  const domain = row.domain as DomainId;
  const rows = await rolesOfProduct(db, row.repository, domain);
  const files = new Map(rows.map(({ role, metadata }) => [role, Buffer.from(metadata)]));
  const target = releaseTarget(product, digest);
  const vouches = (role: string): boolean => {
    const bytes = files.get(role);
    return bytes !== undefined && Object.hasOwn(readRole(bytes).targets, target);
  };
  const delegates = readDelegatesUnverified({ product, domain }, files).map((delegate) => ({
    ...delegate,
    role: delegateRoleName(domain, delegate.key.keyId),
  }));
  const [last] = delegates.filter(({ role }) => vouches(role)).toSorted((a, b) => b.untilMs - a.untilMs);
  if (last === undefined || last.untilMs > nowMs) return;
  const delegated = new Set(delegates.map(({ role }) => role));
  if ([...files.keys()].some((role) => !delegated.has(role) && vouches(role))) return;
  throw new XylemError(
    'E_RELEASE_RETIRED',
    `${product}@${version} was signed by a delegate alone, and the delegation of ${last.name} ended at ${timeOf(last.untilMs)}: no host takes it. \`xylem release restore ${product}@${version}\` by the product's own key vouches for it again.`,
  );
}
