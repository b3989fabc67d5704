import {
  type Digest,
  type DomainId,
  installObjects,
  limits,
  parseChannel,
  parsePackage,
  parseRelease,
  type RepositoryId,
  sha256,
  XylemError,
} from '@xylem/core';
import { createMirror, type ObjectSource } from '@xylem/store';
import {
  type CheckedProductRole,
  checkProductRole,
  checkTargets,
  metadataPath,
  productRoleName,
  readSnapshot,
  readTimestamp,
} from '@xylem/trust';
import type { Database } from '../db/tables.ts';
import { takeFoundRoots } from '../keys/found-roots.ts';
import { repositoryPath } from '../publishing/repository-files.ts';
import { roleNamed, rolesOfProduct, saveRole } from '../publishing/roles.ts';
import { saveStanding } from '../publishing/standing.ts';
import type { Root } from '../root.ts';
import { readSource } from './read-source.ts';

/**
 * Takes from a relay what was published after the backup: the vendor's and publishers' roles that are newer than
 * ours, the documents that they vouch for, and the objects behind them. Each is verified as if a publisher sent it,
 * so a relay can give nothing that was not published; what it does not hold stays missing.
 * @returns what was taken, for people
 */
export async function catchUp(root: Root, source: ObjectSource): Promise<string[]> {
  const repository = root.config.releaseRepository as RepositoryId | null;
  if (repository === null) return [];
  await takeFoundRoots(root, source, repository);
  const at = (path: string) => repositoryPath(repository, path);
  const timestamp = await readSource(source, at(metadataPath('timestamp', 0)), limits.timestamp);
  if (timestamp === null) return [];
  // Only hints where to look: every role below is checked by the keys that must have signed it.
  const { snapshotVersion } = readTimestamp(timestamp);
  const snapshot = await readSource(source, at(metadataPath('snapshot', snapshotVersion)), limits.metadata);
  if (snapshot === null) return [];
  const { roles } = readSnapshot(snapshot);
  const newer = new Map<string, Uint8Array>();
  for (const [role, version] of Object.entries(roles)) {
    const present = await versionOf(root.db, repository, role);
    if (version <= present) continue;
    const bytes = await readSource(source, at(metadataPath(role, version)), limits.metadata);
    if (bytes !== null) newer.set(role, bytes);
  }
  const taken: string[] = [];
  const targets = newer.get('targets');
  if (targets !== undefined) taken.push(...(await takeTargets(root, repository, targets)));
  for (const { product, domain } of await root.db.selectFrom('products').selectAll().execute()) {
    const name = productRoleName(domain as DomainId);
    const own = new Map([...newer].filter(([role]) => role === name || role.startsWith(`${name}-b`)));
    if (own.size === 0) continue;
    try {
      const checked = await checkOne(root, repository, domain as DomainId, own);
      taken.push(
        ...(await takeProduct(root, source, { repository, product, domain: domain as DomainId }, checked)),
      );
    } catch (error) {
      if (!(error instanceof XylemError)) throw error;
      root.log.warn('a relay gave a role that does not verify', { product, source: source.name, error });
    }
  }
  return taken;
}

async function takeTargets(root: Root, repository: string, uploaded: Uint8Array): Promise<string[]> {
  const nowMs = root.clock.now();
  const rootRole = await roleNamed(root.db, repository, 'root');
  const current = await roleNamed(root.db, repository, 'targets');
  const { products } = checkTargets({
    root: Buffer.from(rootRole.metadata),
    current: Buffer.from(current.metadata),
    uploaded,
    nowMs,
  });
  return await root.db.transaction().execute(async (trx) => {
    await saveRole(trx, repository, 'targets', uploaded);
    const taken: string[] = [];
    for (const { product, domain } of products) {
      const made = await trx
        .insertInto('products')
        .values({ product, domain, repository, created_ms: nowMs })
        .onConflict((c) => c.doNothing())
        .returning('product')
        .executeTakeFirst();
      if (made !== undefined) taken.push(`product ${product}`);
    }
    return taken;
  });
}

async function checkOne(
  root: Root,
  repository: string,
  domain: DomainId,
  uploaded: ReadonlyMap<string, Uint8Array>,
): Promise<CheckedProductRole> {
  const { metadata: targets } = await roleNamed(root.db, repository, 'targets');
  const present = await rolesOfProduct(root.db, repository, domain);
  return checkProductRole({
    domain,
    targets: Buffer.from(targets),
    current: new Map(present.map((row) => [row.role, Buffer.from(row.metadata)])),
    uploaded,
    nowMs: root.clock.now(),
  });
}

interface Place {
  readonly repository: string;
  readonly product: string;
  readonly domain: DomainId;
}

async function takeProduct(
  root: Root,
  source: ObjectSource,
  place: Place,
  checked: CheckedProductRole,
): Promise<string[]> {
  const taken: string[] = [];
  for (const [path, { target, length }] of checked.targetFiles) {
    const bytes = await readSource(
      source,
      repositoryPath(place.repository, path),
      Math.min(length, limits.release),
    );
    // A relay holds what its environments need, not all that was ever released.
    if (bytes === null || !path.includes(sha256(bytes))) continue;
    const what = target.startsWith('release/')
      ? await takeRelease(root, source, place, bytes)
      : await takeChannel(root.db, bytes, root.clock.now());
    if (what !== null) taken.push(what);
  }
  await root.db.transaction().execute(async (trx) => {
    for (const { role, file } of checked.changed) await saveRole(trx, place.repository, role, file.bytes);
    await saveStanding(trx, place.product, checked.vouched);
  });
  return taken;
}

async function takeRelease(
  root: Root,
  source: ObjectSource,
  place: Place,
  bytes: Uint8Array,
): Promise<string | null> {
  const { product, domain } = place;
  const release = parseRelease(bytes);
  const nowMs = root.clock.now();
  const known = await root.db
    .selectFrom('releases')
    .select('release')
    .where('product', '=', product)
    .where('version', '=', release.version)
    .executeTakeFirst();
  if (known !== undefined) return null;
  const mirror = createMirror(root.repository, root.clock);
  for (const { component, version, package: digest } of release.packages) {
    await mirror.object(domain, digest, { source, maxBytes: limits.package });
    const document = (await root.repository.readObject(domain, digest, limits.package)) ?? Buffer.alloc(0);
    const parsed = parsePackage(document);
    for (const { digest: object, sizeBytes } of installObjects(parsed)) {
      await mirror.object(domain, object, { source, maxBytes: sizeBytes });
    }
    for (const { tree, sizeBytes } of parsed.variants) {
      await mirror.tree(domain, tree, { source });
      await root.db
        .insertInto('trees')
        .values({ domain, tree, files: 0, size_bytes: sizeBytes, created_ms: nowMs })
        .onConflict((c) => c.doNothing())
        .execute();
    }
    const row = {
      product,
      component,
      version,
      package: digest as Digest,
      kind: parsed.kind,
      created_ms: nowMs,
    };
    await root.db
      .insertInto('packages')
      .values({ ...row, document: document.toString() })
      .onConflict((c) => c.doNothing())
      .execute();
  }
  const document = Buffer.from(bytes).toString();
  const row = {
    product,
    version: release.version,
    release: sha256(bytes),
    document,
    withdrawn: 0,
    created_ms: nowMs,
  };
  await root.db.insertInto('releases').values(row).execute();
  return `release ${product}@${release.version}`;
}

async function takeChannel(db: Database, bytes: Uint8Array, nowMs: number): Promise<string> {
  const { product, channel, version, release } = parseChannel(bytes);
  const values = { version, release, document: Buffer.from(bytes).toString(), updated_ms: nowMs };
  await db
    .insertInto('channels')
    .values({ product, channel, ...values })
    .onConflict((c) => c.columns(['product', 'channel']).doUpdateSet(values))
    .execute();
  return `channel ${product}/${channel}`;
}

async function versionOf(db: Database, repository: string, role: string): Promise<number> {
  const row = await db
    .selectFrom('roles')
    .select('version')
    .where('repository', '=', repository)
    .where('role', '=', role)
    .executeTakeFirst();
  return row?.version ?? 0;
}
