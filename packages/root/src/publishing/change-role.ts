import { compareVersions, liveWaypoints, timeOf, type Version, XylemError } from '@xylem/core';
import {
  type ProductRoleContent,
  type RoleFiles,
  readProductDelegations,
  readProductRole,
  readVouched,
  releaseTarget,
} from '@xylem/trust';
import type { BodyOf, ResponseOf } from '../api/contract.ts';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import type { Root } from '../root.ts';
import { dropLostChannels } from './channels.ts';
import { requireContents } from './contents.ts';
import { storedRelease } from './parsed.ts';
import { type ProductRow, productNamed, requireReleases } from './products.ts';
import { checkRoles, saveChecked } from './releases.ts';
import { publishingLock, roleNamed, rolesOfProduct } from './roles.ts';

type Changes = ResponseOf<'productRolesPut'>;

/**
 * Takes what a publisher signed about releases that are here: retired, withdrawn, restored, the floor, the ways between them. Releases come
 * and channels move by their own routes, which bring the documents along.
 * @throws XylemError E_CONFLICT, E_INPUT (a floor that falls, a channel that moves), and those of `checkProductRole`
 */
export async function changeProductRole(
  root: Root,
  who: string,
  product: string,
  body: BodyOf<'productRolesPut'>,
): Promise<Changes> {
  const releases = requireReleases(root);
  const row = await productNamed(root.db, product);
  const changes = await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, publishingLock);
    const nowMs = root.clock.now();
    const { own, vouched: before } = await presentContent(trx, row, nowMs);
    const checked = await checkRoles(trx, row, body, nowMs);
    refuseMovedChannels(own, checked.content);
    const made = await changesBetween(trx, product, before, checked.vouched);
    await dropLostChannels(trx, product, checked.vouched);
    await refuseStranded(trx, product, made.retired);
    await requireRestored(trx, row, made.restored);
    await requireWaypoints(trx, product, { before, after: checked.vouched, retired: made.retired });
    await saveChecked(trx, row, checked);
    const audit = async (what: string, past: unknown, now: unknown): Promise<void> =>
      appendAudit(trx, nowMs, { who, what, subject: `product/${product}`, before: past, after: now });
    if (made.retired.length > 0) await audit('release.retire', null, { releases: made.retired });
    if (made.withdrawn.length > 0) await audit('release.withdraw', null, { releases: made.withdrawn });
    if (made.restored.length > 0) await audit('release.restore', null, { releases: made.restored });
    if (made.floor !== (before.floor ?? null)) {
      await audit('product.floor', { floor: before.floor ?? null }, { floor: made.floor });
    }
    if (JSON.stringify(before.transitions) !== JSON.stringify(checked.content.transitions)) {
      await audit('product.transitions', before.transitions ?? {}, checked.content.transitions ?? {});
    }
    const [past, now] = [delegatesIn(before), delegatesIn(checked.vouched)];
    if (JSON.stringify(past) !== JSON.stringify(now)) await audit('product.delegates', past, now);
    return made;
  });
  await releases.publish();
  return changes;
}

/** Who may sign what and until when, by name, as the audit log says it. */
function delegatesIn({ delegates = [] }: ProductRoleContent): Record<string, object> {
  return Object.fromEntries(
    delegates.map(({ name, key, channels, untilMs }) => [
      name,
      { key: key.keyId, channels, until: timeOf(untilMs) },
    ]),
  );
}

async function presentContent(trx: Database, row: ProductRow, nowMs: number) {
  const { metadata } = await roleNamed(trx, row.repository, 'targets');
  const delegation = readProductDelegations(Buffer.from(metadata)).find(
    ({ domain }) => domain === row.domain,
  );
  if (delegation === undefined) throw new XylemError('E_STATE_DAMAGED', `No role delegates ${row.product}.`);
  const rows = await rolesOfProduct(trx, row.repository, row.domain);
  const files: RoleFiles = new Map(rows.map(({ role, metadata: text }) => [role, Buffer.from(text)]));
  return { own: readProductRole(delegation, files), vouched: readVouched(delegation, files, nowMs) };
}

async function changesBetween(
  trx: Database,
  product: string,
  before: ProductRoleContent,
  after: ProductRoleContent,
): Promise<Changes> {
  const lowest = after.floor;
  if (before.floor !== undefined && (lowest === undefined || compareVersions(lowest, before.floor) < 0)) {
    throw new XylemError(
      'E_INPUT',
      `The floor of ${product} is ${before.floor}; hosts remember the highest that they saw, so it never falls.`,
    );
  }
  const wereWithdrawn = new Set<string>(before.withdrawn);
  const areWithdrawn = new Set<string>(after.withdrawn);
  const rows = await trx
    .selectFrom('releases')
    .select(['release', 'version'])
    .where('product', '=', product)
    .execute();
  const named = (fits: (release: string, target: string) => boolean): string[] =>
    rows
      .filter(({ release }) => fits(release, releaseTarget(product, release)))
      .map(({ version }) => version)
      .toSorted((a, b) => compareVersions(a as Version, b as Version));
  return {
    retired: named((_, target) => before.releases.has(target) && !after.releases.has(target)),
    withdrawn: named((release) => areWithdrawn.has(release) && !wereWithdrawn.has(release)),
    restored: named(
      (release, target) =>
        after.releases.has(target) &&
        (!before.releases.has(target) || (wereWithdrawn.has(release) && !areWithdrawn.has(release))),
    ),
    floor: lowest ?? null,
  };
}

function refuseMovedChannels(before: ProductRoleContent, after: ProductRoleContent): void {
  const channels = (content: ProductRoleContent): string =>
    JSON.stringify([...content.channels].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  if (channels(before) !== channels(after))
    throw new XylemError('E_INPUT', 'Channels are set one by one, each with its document.');
}

/** @throws XylemError E_OBJECT_MISSING */
async function requireRestored(trx: Database, row: ProductRow, versions: readonly string[]): Promise<void> {
  for (const version of versions) {
    const { document } = await trx
      .selectFrom('releases')
      .select('document')
      .where('product', '=', row.product)
      .where('version', '=', version)
      .executeTakeFirstOrThrow();
    await requireContents(trx, row, storedRelease(document));
  }
}

/** What follows a channel would be led to a release that no host takes. */
async function refuseStranded(trx: Database, product: string, retired: readonly string[]): Promise<void> {
  const channels = await trx
    .selectFrom('channels')
    .select(['channel', 'version'])
    .where('product', '=', product)
    .execute();
  const stranded = channels.find(({ version }) => retired.includes(version));
  if (stranded === undefined) return;
  const { channel, version } = stranded;
  throw new XylemError(
    'E_CONFLICT',
    `${product}/${channel} points to ${product}@${version}. Point it to another release first, then retire this one.`,
  );
}

/** Hosts would wait for a release that nobody gives them. */
async function requireWaypoints(
  trx: Database,
  product: string,
  change: {
    readonly before: ProductRoleContent;
    readonly after: ProductRoleContent;
    readonly retired: readonly string[];
  },
): Promise<void> {
  const { before, after, retired } = change;
  const former = new Set(liveWaypoints(before).map(({ version }) => version));
  for (const { version } of liveWaypoints(after)) {
    // What was so before does not stand in the way of an urgent word about something else.
    if (former.has(version) && !retired.includes(version)) continue;
    const row = await trx
      .selectFrom('releases')
      .select('release')
      .where('product', '=', product)
      .where('version', '=', version)
      .executeTakeFirst();
    if (row === undefined)
      throw new XylemError(
        'E_NOT_FOUND',
        `There is no release ${product}@${version} to pass through. Release it first, then name it as a waypoint.`,
      );
    if (after.releases.has(releaseTarget(product, row.release))) continue;
    throw new XylemError(
      'E_CONFLICT',
      `${product}@${version} is a waypoint, and no host takes a release that is retired: those below it could never be updated. Raise the floor above it, or take the waypoint out first: \`xylem product waypoint ${product} ${version} --remove\`.`,
    );
  }
}
