import { createHash, timingSafeEqual } from 'node:crypto';
import { XylemError } from '@xylem/core';
import type { Clock, Randomness } from '@xylem/platform';
import { type Role, roles } from '../api/schemas/common.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';

/** For whom a request is made. */
export interface Who {
  readonly tokenId: string;
  readonly name: string;
  /** As the audit log names it. */
  readonly subject: string;
  readonly role: Role;
}

const pattern = /^xyo1\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/;

/** Makes a token; its text is returned this once and only its hash is kept. */
export async function createApiToken(
  db: Database,
  { clock, randomness }: { clock: Clock; randomness: Randomness },
  { name, role }: { name: string; role: Role },
): Promise<{ id: string; token: string; createdMs: number }> {
  const id = randomness.bytes(8).toString('hex');
  const secret = randomness.bytes(32).toString('base64url');
  const createdMs = clock.now();
  await db
    .insertInto('api_tokens')
    .values({ id, name, role, hash: hashOf(secret), created_ms: createdMs })
    .execute();
  return { id, token: `xyo1.${id}.${secret}`, createdMs };
}

/** @throws XylemError E_UNAUTHORISED; unknown id and wrong secret read the same */
export async function checkApiToken(db: Database, token: string | null): Promise<Who> {
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
  if (row === undefined || !isRight)
    throw new XylemError('E_UNAUTHORISED', 'The token is unknown or was revoked.');
  const subject = `api-token/${id} (${row.name})`;
  return { tokenId: id, name: row.name, subject, role: row.role as Role };
}

/** @throws XylemError E_FORBIDDEN */
export function requireRole(who: Who, least: Role): void {
  if (roles.indexOf(who.role) >= roles.indexOf(least)) return;
  throw new XylemError(
    'E_FORBIDDEN',
    `This needs the role ${least}; the token ${who.name} has ${who.role}.`,
    {
      details: { needed: least, role: who.role },
    },
  );
}

export async function listApiTokens(db: Database) {
  return await db
    .selectFrom('api_tokens')
    .select(['id', 'name', 'role', 'created_ms'])
    .orderBy('created_ms')
    .orderBy('id')
    .execute();
}

/** @throws XylemError E_NOT_FOUND, or E_CONFLICT for the last administrator, who would lock everyone out */
export async function deleteApiToken(db: Database, id: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await lockFor(trx, 'api-tokens');
    const tokens = await trx.selectFrom('api_tokens').select(['id', 'role']).execute();
    const token = tokens.find((row) => row.id === id);
    if (token === undefined) throw new XylemError('E_NOT_FOUND', `There is no API token ${id}.`);
    if (token.role === 'admin' && tokens.filter((row) => row.role === 'admin').length === 1) {
      throw new XylemError('E_CONFLICT', "This is the last administrator's token. Create another one first.");
    }
    await trx.deleteFrom('api_tokens').where('id', '=', id).execute();
  });
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
