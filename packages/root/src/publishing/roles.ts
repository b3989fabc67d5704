import { type DomainId, XylemError } from '@xylem/core';
import { type CheckedProductRole, checkProductRole, productRoleName } from '@xylem/trust';
import type { SignedRoleUpload } from '../api/schemas/publishing.ts';
import type { Database } from '../db/tables.ts';
import { readOwnMetadata } from './repository-files.ts';

export interface RoleRow {
  readonly role: string;
  readonly version: number;
  readonly metadata: string;
}

/** Who changes roles goes one after the other: each must have been made from the version that is there. */
export const publishingLock = 'publishing';

/** The product's role and its bins. */
export async function rolesOfProduct(db: Database, repository: string, domain: string): Promise<RoleRow[]> {
  const name = productRoleName(domain as DomainId);
  return await db
    .selectFrom('roles')
    .select(['role', 'version', 'metadata'])
    .where('repository', '=', repository)
    .where((e) => e.or([e('role', '=', name), e('role', 'like', `${name}-b%`)]))
    .orderBy('role')
    .execute();
}

/** @throws XylemError E_STATE_DAMAGED */
export async function roleNamed(db: Database, repository: string, role: string): Promise<RoleRow> {
  const row = await db
    .selectFrom('roles')
    .select(['role', 'version', 'metadata'])
    .where('repository', '=', repository)
    .where('role', '=', role)
    .executeTakeFirst();
  if (row !== undefined) return row;
  throw new XylemError(
    'E_STATE_DAMAGED',
    `The ${role} metadata of the release repository is not in the database.`,
  );
}

/**
 * Compare and set: each uploaded role must have been made from the version that is here.
 * @throws XylemError E_CONFLICT, and those of trust's `checkProductRole`
 */
export async function checkUpload(
  trx: Database,
  upload: {
    repository: string;
    domain: string;
    roles: readonly SignedRoleUpload[];
    targets: string;
    nowMs: number;
  },
): Promise<CheckedProductRole> {
  const present = await rolesOfProduct(trx, upload.repository, upload.domain);
  for (const { role, baseVersion } of upload.roles) {
    requireBase(role, baseVersion, present.find((row) => row.role === role)?.version ?? 0);
  }
  return checkProductRole({
    domain: upload.domain as DomainId,
    targets: Buffer.from(upload.targets),
    current: new Map(present.map((row) => [row.role, Buffer.from(row.metadata)])),
    uploaded: new Map(upload.roles.map(({ role, metadata }) => [role, Buffer.from(metadata)])),
    nowMs: upload.nowMs,
  });
}

/** @throws XylemError E_CONFLICT */
export function requireBase(role: string, baseVersion: number, version: number): void {
  if (baseVersion === version) return;
  throw new XylemError(
    'E_CONFLICT',
    `The role ${role} was made from version ${baseVersion}, and ${version} is current: someone else published meanwhile.`,
    { details: { role, baseVersion, version } },
  );
}

export async function saveRole(
  trx: Database,
  repository: string,
  role: string,
  bytes: Uint8Array,
): Promise<number> {
  const { version, expiresMs } = readOwnMetadata(bytes);
  const values = { version, metadata: Buffer.from(bytes).toString(), expires_ms: expiresMs };
  await trx
    .insertInto('roles')
    .values({ repository, role, ...values })
    .onConflict((c) => c.columns(['repository', 'role']).doUpdateSet(values))
    .execute();
  return version;
}
