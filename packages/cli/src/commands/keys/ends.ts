import { timeOf } from '@xylem/core';
import type { TrustedRepository } from '@xylem/trust';

/** When offline roles of a release repository expire, in milliseconds since 1970: `targets`, `product:<name>`. */
export function endsOf({ targets, products, roles }: TrustedRepository): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  if (targets !== null) ends.set('targets', endOf(targets));
  for (const { product, domain } of products) {
    // A product's bins are signed with it, each when it changes: the first that ends counts. Delegates end as agreed.
    const own = [...roles]
      .filter(([role]) => role.startsWith(`p-${domain}`) && !role.startsWith(`p-${domain}-by-`))
      .map(([, bytes]) => endOf(bytes));
    if (own.length > 0) ends.set(`product:${product}`, Math.min(...own));
  }
  return ends;
}

/** Of metadata whose signatures and form were checked before. */
function endOf(bytes: Uint8Array): number {
  const { signed } = JSON.parse(Buffer.from(bytes).toString()) as { signed: { expires: string } };
  return Date.parse(signed.expires);
}

/** Roles are signed by hand: a warning must leave time for a ceremony. */
const warnBeforeMs = 90 * 24 * 3600_000;

interface NamedRole {
  readonly role: string;
  /** Null: of the release repository. */
  readonly environment: string | null;
}

export const nameOf = ({ role, environment }: NamedRole): string =>
  environment === null ? role : `${environment} ${role}`;

/** What to do about an offline role that ends soon, or did; null for one that does not. */
export function warningOf(named: NamedRole, endsMs: number | null, nowMs: number): string | null {
  if (endsMs === null || endsMs - nowMs > warnBeforeMs) return null;
  const days = Math.floor((endsMs - nowMs) / (24 * 3600_000));
  const when = days < 0 ? 'has expired' : `expires in ${days} days`;
  const of = named.environment === null ? '' : ` --env ${named.environment}`;
  return `Warning: ${nameOf(named)} ${when} (${timeOf(endsMs)}). Sign it anew: xylem ceremony begin ${named.role}${of} --out FILE`;
}
