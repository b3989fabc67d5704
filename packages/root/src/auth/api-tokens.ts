import { createHash, timingSafeEqual } from 'node:crypto';
import { XylemError } from '@xylem/core';
import type { Clock, Randomness } from '@xylem/platform';
import type { Selectable } from 'kysely';
import { lockFor } from '../db/lock.ts';
import type { Database, Tables } from '../db/tables.ts';
import { type Access, accessOf } from './access.ts';
import { addGrants, grantsByKind, grantsOf, removeGrants } from './grant-rows.ts';
import type { Grant } from './grants.ts';
import { requireAdministrator } from './last-administrator.ts';

/** For whom a request is made. */
export interface Who {
  /** `oidc`: a person whom an issuer vouches for, and who has no account here. */
  readonly kind: 'api-token' | 'person' | 'oidc';
  /** Of the API token or the session. */
  readonly tokenId: string;
  /** Of an `oidc` it begins with `oidc/`: no account is called so. */
  readonly name: string;
  /** The same for ever, whatever they are called: `api-token/<id>`, `person/<name>`, `oidc/<issuer>/<sub>`. */
  readonly account: string;
  /** As the audit log names it. */
  readonly subject: string;
  readonly access: Access;
  /** Of an `oidc`: what the issuer said; what they may follows from it at each moment. */
  readonly groups?: readonly string[];
  readonly expiresMs: number | null;
}

export interface ApiToken extends Omit<Selectable<Tables['api_tokens']>, 'hash'> {
  readonly grants: readonly Grant[];
}

const pattern = /^xyo1\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/;
const usedToTheMs = 60_000;

/** Makes a token; its text is returned this once and only its hash is kept. Call it in the transaction of its entry. */
export async function createApiToken(
  trx: Database,
  { clock, randomness }: { clock: Clock; randomness: Randomness },
  {
    name,
    grants,
    lifetimeMs,
    madeBy,
  }: {
    readonly name: string;
    readonly grants: readonly Grant[];
    /** Null: it works until it is revoked. */
    readonly lifetimeMs: number | null;
    /** Whose it counts as: `auth/origin.ts`. */
    readonly madeBy: string;
  },
): Promise<{ id: string; token: string; createdMs: number; expiresMs: number | null }> {
  const id = randomness.bytes(8).toString('hex');
  const secret = randomness.bytes(32).toString('base64url');
  const createdMs = clock.now();
  const expiresMs = lifetimeMs === null ? null : createdMs + lifetimeMs;
  await trx
    .insertInto('api_tokens')
    .values({
      id,
      name,
      hash: hashOf(secret),
      created_ms: createdMs,
      expires_ms: expiresMs,
      used_ms: null,
      made_by: madeBy,
    })
    .execute();
  await addGrants(trx, `api-token/${id}`, grants, createdMs);
  return { id, token: `xyo1.${id}.${secret}`, createdMs, expiresMs };
}

/** @throws XylemError E_UNAUTHORISED; unknown, expired and revoked ids and wrong secrets read the same */
export async function checkApiToken(
  db: Database,
  clock: Pick<Clock, 'now'>,
  token: string | null,
): Promise<Who> {
  const [, id, secret] = pattern.exec(token ?? '') ?? [];
  if (id === undefined || secret === undefined) {
    throw new XylemError(
      'E_UNAUTHORISED',
      token === null ? 'The request carries no token.' : 'This is no API token.',
    );
  }
  const row = await db.selectFrom('api_tokens').selectAll().where('id', '=', id).executeTakeFirst();
  // 32 random bytes need no slow hash: nobody guesses them.
  const isRight = timingSafeEqual(Buffer.from(hashOf(secret)), Buffer.from(row?.hash ?? hashOf('')));
  const nowMs = clock.now();
  if (row === undefined || !isRight || (row.expires_ms !== null && row.expires_ms <= nowMs))
    throw new XylemError('E_UNAUTHORISED', 'The token is unknown, expired or was revoked.');
  if (row.used_ms === null || Math.abs(nowMs - row.used_ms) >= usedToTheMs) {
    await db.updateTable('api_tokens').set({ used_ms: nowMs }).where('id', '=', id).execute();
  }
  return {
    kind: 'api-token',
    tokenId: id,
    name: row.name,
    account: `api-token/${id}`,
    subject: `api-token/${id} (${row.name})`,
    access: accessOf(await grantsOf(db, `api-token/${id}`)),
    expiresMs: row.expires_ms,
  };
}

export async function listApiTokens(db: Database): Promise<ApiToken[]> {
  const rows = await db
    .selectFrom('api_tokens')
    .select(['id', 'name', 'created_ms', 'expires_ms', 'used_ms', 'made_by'])
    .orderBy('created_ms')
    .orderBy('id')
    .execute();
  const grants = await grantsByKind(db, 'api-token');
  return rows.map((row) => ({ ...row, grants: grants.get(`api-token/${row.id}`) ?? [] }));
}

/**
 * Call it in the transaction of its entry.
 * @throws XylemError E_NOT_FOUND (also outside of what `access` administers), E_CONFLICT for the last administrator's
 */
export async function deleteApiToken(trx: Database, id: string, access: Access): Promise<void> {
  await lockFor(trx, 'grants');
  const subject = `api-token/${id}` as const;
  const token = await trx.selectFrom('api_tokens').select('id').where('id', '=', id).executeTakeFirst();
  const grants = await grantsOf(trx, subject);
  const isOurs =
    access.everywhere('administer') ||
    (grants.length > 0 && grants.every(({ scope }) => access.administers(scope)));
  if (token === undefined || !isOurs) throw new XylemError('E_NOT_FOUND', `There is no API token ${id}.`);
  await trx.deleteFrom('api_tokens').where('id', '=', id).execute();
  await removeGrants(trx, subject);
  if (grants.some(({ role, scope }) => role === 'admin' && scope === '*')) await requireAdministrator(trx);
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
