import {
  compareVersions,
  parseRelease,
  type Release as ReleaseDocument,
  sha256,
  timeOf,
  type Version,
  XylemError,
} from '@xylem/core';
import { type CheckedProductRole, releaseTarget } from '@xylem/trust';
import type { Release, ReleaseCreate } from '../api/schemas/publishing.ts';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import type { Root } from '../root.ts';
import { requireContents } from './contents.ts';
import { requireKnownTargets } from './known-targets.ts';
import { type ProductRow, productNamed, requireReleases } from './products.ts';
import { checkUpload, publishingLock, roleNamed, saveRole } from './roles.ts';
import { releasesInUse, saveStanding } from './standing.ts';

/**
 * Publishes a release: its document and the product's role that vouches for it. Repeating it changes nothing.
 * @throws XylemError E_RELEASE_INVALID, E_RELEASE_CONFLICT, E_OBJECT_MISSING (a package), E_CONFLICT (someone else
 *   published meanwhile), and those of trust's `checkProductRole`
 */
export async function createRelease(root: Root, who: string, product: string, body: ReleaseCreate) {
  const releases = requireReleases(root);
  const row = await productNamed(root.db, product);
  const bytes = Buffer.from(body.document);
  const document = parseRelease(bytes);
  const digest = sha256(bytes);
  if (document.product !== product || document.domain !== row.domain) {
    throw new XylemError('E_INPUT', `The release document is not of the product ${product} and its domain.`);
  }
  const { created, roleVersion } = await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, publishingLock);
    const known = await trx
      .selectFrom('releases')
      .select('release')
      .where('product', '=', product)
      .where('version', '=', document.version)
      .executeTakeFirst();
    if (known?.release === digest) return { created: false, roleVersion: 0 };
    if (known !== undefined) {
      const message = `${product}@${document.version} is already released as ${known.release.slice(0, 12)}….`;
      throw new XylemError('E_RELEASE_CONFLICT', message, {
        details: { released: known.release, offered: digest },
      });
    }
    await requirePackages(trx, product, document);
    await requireContents(trx, row, document);
    const nowMs = root.clock.now();
    const checked = await checkRoles(trx, row, body, nowMs);
    const vouched = checked.vouched.releases.get(releaseTarget(product, digest));
    if (vouched?.length !== bytes.length) {
      throw new XylemError('E_INPUT', `The uploaded role does not vouch for this release (${digest}).`);
    }
    const { version } = document;
    await trx
      .insertInto('releases')
      .values({ product, version, release: digest, document: body.document, withdrawn: 0, created_ms: nowMs })
      .execute();
    await saveChecked(trx, row, checked);
    await appendAudit(trx, nowMs, {
      who,
      what: 'release.create',
      subject: `release/${product}@${version}`,
      after: { release: digest },
    });
    return { created: true, roleVersion: Math.max(...checked.changed.map((role) => role.version)) };
  });
  await releases.publish();
  return { release: digest, created, roleVersion };
}

export async function checkRoles(
  trx: Database,
  row: ProductRow,
  body: Pick<ReleaseCreate, 'roles'>,
  nowMs: number,
): Promise<CheckedProductRole> {
  const { metadata: targets } = await roleNamed(trx, row.repository, 'targets');
  return await checkUpload(trx, {
    repository: row.repository,
    domain: row.domain,
    roles: body.roles,
    targets,
    nowMs,
  });
}

/** Saves what was checked, after the rows of the documents that it vouches for. */
export async function saveChecked(
  trx: Database,
  row: ProductRow,
  checked: CheckedProductRole,
): Promise<void> {
  await requireKnownTargets(trx, row, checked.vouched);
  for (const { role, file } of checked.changed) await saveRole(trx, row.repository, role, file.bytes);
  await saveStanding(trx, row.product, checked.vouched);
}

export const retiredRelease = (product: string, version: string): XylemError =>
  new XylemError(
    'E_RELEASE_RETIRED',
    `${product}@${version} was retired by its publisher: no host takes it.`,
  );

async function requirePackages(trx: Database, product: string, document: ReleaseDocument): Promise<void> {
  const rows = await trx
    .selectFrom('packages')
    .select(['component', 'version', 'package'])
    .where('product', '=', product)
    .execute();
  for (const { component, version, package: digest } of document.packages) {
    const isThere = rows.some(
      (r) => r.component === component && r.version === version && r.package === digest,
    );
    if (!isThere) {
      throw new XylemError(
        'E_OBJECT_MISSING',
        `The package ${component}@${version} (${digest.slice(0, 12)}…) is not published.`,
        {
          details: { component, version, package: digest },
        },
      );
    }
  }
}

export async function listReleases(db: Database, product: string): Promise<Release[]> {
  const rows = await db
    .selectFrom('releases')
    .selectAll()
    .where('product', '=', product)
    .orderBy('created_ms', 'desc')
    .execute();
  const inUse = await releasesInUse(db, product);
  return rows.map((row) => releaseOf(row, inUse)).sort((a, b) => compareText(b.version, a.version));
}

/** @throws XylemError E_NOT_FOUND */
export async function releaseNamed(db: Database, product: string, version: string): Promise<Release> {
  const row = await db
    .selectFrom('releases')
    .selectAll()
    .where('product', '=', product)
    .where('version', '=', version)
    .executeTakeFirst();
  if (row !== undefined) return releaseOf(row, await releasesInUse(db, product));
  throw new XylemError('E_NOT_FOUND', `There is no release ${product}@${version}.`);
}

type Row = {
  product: string;
  version: string;
  release: string;
  document: string;
  withdrawn: number;
  retired: number;
  created_ms: number;
};

function releaseOf(row: Row, inUse: ReadonlySet<string>): Release {
  const { issued, notes, packages } = parseRelease(row.document);
  const { product, version, release } = row;
  return {
    product,
    version,
    release,
    issued,
    notes,
    packages: packages.map((p) => ({
      component: p.component,
      version: p.version,
      package: p.package,
      after: [...p.after],
    })),
    withdrawn: row.withdrawn === 1,
    retired: row.retired === 1,
    inUse: inUse.has(release),
    created: timeOf(row.created_ms),
  };
}

function compareText(a: string, b: string): number {
  return compareVersions(a as Version, b as Version);
}
