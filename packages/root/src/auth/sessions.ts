import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock, Randomness } from '@xylem/platform';
import type { Selectable } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';
import { accessOf } from './access.ts';
import type { Who } from './api-tokens.ts';
import { grantsOf, grantsOfGroups } from './grant-rows.ts';
import type { Grant } from './grants.ts';

/** Whoever signed in, in a browser or by the command line. */
export interface NewSession {
  readonly subject: `api-token/${string}` | `person/${string}` | `oidc/${string}`;
  readonly kind: 'cli' | 'browser';
  /** Where it is: a host name, a browser's name. */
  readonly name: string;
  /** Of these instead of the subject's own, as long as the session lives. */
  readonly grants?: readonly Grant[];
  /** Of an `oidc`: what the issuer said. What the groups may is looked up at each use. */
  readonly said?: { readonly name: string; readonly groups: readonly string[] };
  readonly from: string | null;
}

export const sessionLifetimeMs = 12 * 3600_000;
/** A browser on which nothing was asked for so long is signed out. */
const sessionIdleMs = 30 * 60_000;
const usedToTheMs = 60_000;
const maxSessionsOfOne = 100;

const pattern = /^xys1\.([0-9a-f]{32})\.([A-Za-z0-9_-]{43})$/;

/** Opens a session and returns its secret text, this once. What has ended is cleared away on the occasion. */
export async function openSession(
  trx: Database,
  { clock, randomness }: { readonly clock: Clock; readonly randomness: Randomness },
  { subject, kind, name, grants, said, from }: NewSession,
): Promise<{ readonly id: string; readonly token: string; readonly expiresMs: number }> {
  const nowMs = clock.now();
  await trx.deleteFrom('sessions').where('expires_ms', '<=', nowMs).execute();
  const others = await trx
    .selectFrom('sessions')
    .select('id')
    .where('subject', '=', subject)
    .orderBy('used_ms', 'desc')
    .offset(maxSessionsOfOne - 1)
    .limit(1000)
    .execute();
  for (const { id } of others) await trx.deleteFrom('sessions').where('id', '=', id).execute();
  const id = randomness.bytes(16).toString('hex');
  const secret = randomness.bytes(32).toString('base64url');
  const expiresMs = nowMs + sessionLifetimeMs;
  await trx
    .insertInto('sessions')
    .values({
      id,
      subject,
      kind,
      name: name.slice(0, 100),
      hash: hashOf(secret),
      grants: grants === undefined ? null : JSON.stringify(grants),
      groups: said === undefined ? null : JSON.stringify(said.groups),
      person: said?.name ?? null,
      from_address: from,
      created_ms: nowMs,
      expires_ms: expiresMs,
      used_ms: nowMs,
    })
    .execute();
  return { id, token: `xys1.${id}.${secret}`, expiresMs };
}

/** Whose session it is; null for one that is unknown, expired, idle or revoked, or whose subject was taken away. */
export async function sessionOf(
  db: Database,
  clock: Pick<Clock, 'now'>,
  token: string,
  kind: NewSession['kind'],
): Promise<Who | null> {
  const [, id, secret] = pattern.exec(token) ?? [];
  if (id === undefined || secret === undefined) return null;
  const row = await db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst();
  const isRight = timingSafeEqual(Buffer.from(hashOf(secret)), Buffer.from(row?.hash ?? hashOf('')));
  const nowMs = clock.now();
  if (row === undefined || !isRight || row.kind !== kind || row.expires_ms <= nowMs) return null;
  if (kind === 'browser' && nowMs - row.used_ms > sessionIdleMs) return null;
  const subject = await subjectOf(db, row, nowMs);
  if (subject === null) return null;
  if (Math.abs(nowMs - row.used_ms) >= usedToTheMs) {
    await db.updateTable('sessions').set({ used_ms: nowMs }).where('id', '=', id).execute();
  }
  const access = accessOf(await grantsIn(db, row));
  const groups = row.groups === null ? {} : { groups: JSON.parse(row.groups) as string[] };
  return { ...subject, ...groups, account: row.subject, tokenId: id, access, expiresMs: row.expires_ms };
}

async function grantsIn(
  db: Database,
  { subject, grants, groups }: Selectable<Tables['sessions']>,
): Promise<Grant[]> {
  if (groups !== null) return await grantsOfGroups(db, JSON.parse(groups) as string[]);
  if (grants !== null) return JSON.parse(grants) as Grant[];
  return await grantsOf(db, subject as `api-token/${string}` | `person/${string}`);
}

async function subjectOf(
  db: Database,
  { subject, person: called }: Selectable<Tables['sessions']>,
  nowMs: number,
): Promise<Pick<Who, 'kind' | 'name' | 'subject'> | null> {
  const [, kind, name = ''] = /^([a-z-]+)\/(.*)$/s.exec(subject) ?? [];
  if (kind === 'person') {
    const person = await db
      .selectFrom('people')
      .select('name')
      .where('name', '=', name)
      .where('disabled', '=', 0)
      .executeTakeFirst();
    return person === undefined ? null : { kind, name, subject };
  }
  // Removing the issuer removes its sessions, and shutting somebody out theirs: there is nothing to look up.
  if (kind === 'oidc')
    return { kind, name: `oidc/${called ?? name}`, subject: shownSubject(subject, called) };
  const token = await db
    .selectFrom('api_tokens')
    .select(['name', 'expires_ms'])
    .where('id', '=', name)
    .executeTakeFirst();
  if (token === undefined || (token.expires_ms !== null && token.expires_ms <= nowMs)) return null;
  return { kind: 'api-token', name: token.name, subject: `api-token/${name} (${token.name})` };
}

/** With the readable name beside what is the same for ever. */
export const shownSubject = (subject: string, person: string | null): string =>
  person === null ? subject : `${subject} (${person})`;

export async function endSession(db: Database, id: string): Promise<void> {
  await db.deleteFrom('sessions').where('id', '=', id).execute();
}

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Sessions that have not ended, newest first; of one subject, or (null) of all. */
export async function listSessions(
  db: Database,
  clock: Pick<Clock, 'now'>,
  subject: string | null,
): Promise<Omit<Selectable<Tables['sessions']>, 'hash' | 'grants' | 'groups'>[]> {
  const nowMs = clock.now();
  const query = db
    .selectFrom('sessions')
    .select([
      'id',
      'subject',
      'person',
      'kind',
      'name',
      'from_address',
      'created_ms',
      'used_ms',
      'expires_ms',
    ])
    .where('expires_ms', '>', nowMs)
    .orderBy('created_ms', 'desc');
  const rows = await (subject === null ? query : query.where('subject', '=', subject)).execute();
  return rows.filter((row) => row.kind !== 'browser' || nowMs - row.used_ms <= sessionIdleMs);
}
