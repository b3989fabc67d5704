import { XylemError } from '@xylem/core';
import type { Clock, Randomness } from '@xylem/platform';
import type { JWTPayload } from 'jose';
import { lockFor } from '../../db/lock.ts';
import type { Database } from '../../db/tables.ts';
import { isAllowedUrl } from '../../outgoing/outgoing.ts';
import { addGrants, grantsByKind, removeGrants } from '../grant-rows.ts';
import { checkGrant, type Grant } from '../grants.ts';

/** Whose tokens are exchanged, and for which grants. */
export interface CiRule {
  readonly id: string;
  readonly issuer: string;
  readonly audience: string;
  /** Each of these claims must have exactly this value. */
  readonly match: Readonly<Record<string, string>>;
  readonly grants: readonly Grant[];
  readonly createdMs: number;
}

/** Pure: the audience is one of the token's, and every claim is there as the rule has it. */
export function fits({ audience, match }: Pick<CiRule, 'audience' | 'match'>, claims: JWTPayload): boolean {
  if (![claims.aud].flat().includes(audience)) return false;
  const wanted = Object.entries(match);
  return wanted.length > 0 && wanted.every(([name, value]) => textOf(claims, name) === value);
}

/** Lists and objects equal nothing. */
function textOf(claims: JWTPayload, name: string): string | null {
  const value = Object.hasOwn(claims, name) ? claims[name] : null;
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : null;
}

export async function listCiRules(db: Database, issuer?: string): Promise<CiRule[]> {
  const query = db.selectFrom('ci_rules').selectAll().orderBy('created_ms').orderBy('id');
  const rows = await (issuer === undefined ? query : query.where('issuer', '=', issuer)).execute();
  const grants = await grantsByKind(db, 'ci-rule');
  return rows.map((row) => ({
    id: row.id,
    issuer: row.issuer,
    audience: row.audience,
    match: JSON.parse(row.claims) as Record<string, string>,
    grants: grants.get(`ci-rule/${row.id}`) ?? [],
    createdMs: row.created_ms,
  }));
}

/** Call it in the transaction of its entry. @throws XylemError E_INPUT */
export async function addCiRule(
  trx: Database,
  { clock, randomness }: { readonly clock: Pick<Clock, 'now'>; readonly randomness: Randomness },
  rule: Omit<CiRule, 'id' | 'createdMs'>,
): Promise<CiRule> {
  if (!isAllowedUrl(rule.issuer)) {
    throw new XylemError(
      'E_INPUT',
      `${rule.issuer} is no issuer that can be trusted: it must begin with https:// (http:// only on this machine).`,
    );
  }
  rule.grants.forEach(checkGrant);
  const id = randomness.bytes(8).toString('hex');
  const createdMs = clock.now();
  const { issuer, audience, match, grants } = rule;
  await trx
    .insertInto('ci_rules')
    .values({ id, issuer, audience, claims: JSON.stringify(match), created_ms: createdMs })
    .execute();
  await addGrants(trx, `ci-rule/${id}`, grants, createdMs);
  return { ...rule, id, createdMs };
}

/** Removes a rule and every API token that was given by it. Call it in the transaction of its entry. @throws XylemError E_NOT_FOUND */
export async function removeCiRule(trx: Database, id: string): Promise<void> {
  await lockFor(trx, 'grants');
  const removed = await trx.deleteFrom('ci_rules').where('id', '=', id).returning('id').executeTakeFirst();
  if (removed === undefined) throw new XylemError('E_NOT_FOUND', `There is no rule ${id}.`);
  await removeGrants(trx, `ci-rule/${id}`);
  const given = await trx.selectFrom('ci_tokens').select('api_token').where('rule', '=', id).execute();
  await removeCiTokens(
    trx,
    given.map(({ api_token }) => api_token),
  );
}

export async function removeCiTokens(trx: Database, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await trx.deleteFrom('api_tokens').where('id', '=', id).execute();
    await trx.deleteFrom('ci_tokens').where('api_token', '=', id).execute();
    await removeGrants(trx, `api-token/${id}`);
  }
}
