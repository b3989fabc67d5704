import { timeOf } from '@xylem/core';
import type { Status } from '../api/schemas/fleet.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { newestRoot } from '../keys/root-versions.ts';
import type { Root } from '../root.ts';

/** People sign these by hand: a warning must leave time for a ceremony. */
const warnBeforeMs = 90 * 24 * 3600_000;

/**
 * Roles that nobody renews but people, and that end soon or have ended, the first to end first. What the root server
 * signs by itself is not among them.
 * @param withRelease also those of the release repository
 */
export async function expiringRoles(
  root: Root,
  environments: readonly EnvironmentRow[],
  withRelease: boolean,
): Promise<Status['expiring']> {
  const ends = withRelease ? await releaseRoles(root) : [];
  for (const row of environments) {
    const { expiresMs } = await newestRoot(root.repository, row.id);
    ends.push({ role: 'root', environment: fullName(row), expiresMs });
  }
  const untilMs = root.clock.now() + warnBeforeMs;
  return ends
    .filter(({ expiresMs }) => expiresMs <= untilMs)
    .sort((a, b) => a.expiresMs - b.expiresMs)
    .map(({ role, environment, expiresMs }) => ({ role, environment, expires: timeOf(expiresMs) }));
}

interface Ending {
  readonly role: string;
  readonly environment: string | null;
  readonly expiresMs: number;
}

/** A product's bins are signed with it, each when it changes: the first that ends counts. Delegates end as agreed. */
async function releaseRoles({ db, config }: Root): Promise<Ending[]> {
  if (config.releaseRepository === null) return [];
  const rows = await db
    .selectFrom('roles')
    .select(['role', 'expires_ms'])
    .where('repository', '=', config.releaseRepository)
    .execute();
  const products = await db.selectFrom('products').select(['product', 'domain']).execute();
  const domains = new Map(products.map(({ product, domain }) => [domain, product]));
  const ends = new Map<string, number>();
  for (const { role, expires_ms: expiresMs } of rows) {
    const [, domain, part] = /^p-([0-9a-f]{32})(-by-)?/.exec(role) ?? [];
    if (part !== undefined) continue;
    const name = domain === undefined ? role : `product:${domains.get(domain) ?? domain}`;
    ends.set(name, Math.min(ends.get(name) ?? Number.POSITIVE_INFINITY, expiresMs));
  }
  return [...ends].map(([role, expiresMs]) => ({ role, environment: null, expiresMs }));
}
