import { createHash } from 'node:crypto';
import { timeOf } from '@xylem/core';
import type { Clock, Log, Randomness } from '@xylem/platform';
import { appendAudit } from '../../audit/audit.ts';
import { withOrigin } from '../../audit/origin.ts';
import { lockFor } from '../../db/lock.ts';
import type { Database } from '../../db/tables.ts';
import type { IssuerKeys } from '../../outgoing/issuer-keys.ts';
import { createApiToken } from '../api-tokens.ts';
import type { Grant } from '../grants.ts';
import { ciOrigin } from '../origin.ts';
import { printable } from '../printable.ts';
import { type CiRule, fits, listCiRules, removeCiTokens } from './rules.ts';
import { type CiClaims, issuerOf, maxAgeMs, refused, toleranceMs, verifyCiToken } from './verify.ts';

export interface Exchanging {
  readonly db: Database;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly keys: IssuerKeys;
  readonly log: Pick<Log, 'warn'>;
}

const lifetimeMs = 15 * 60_000;
/** Longer than a token lives, for a clock that is set back meanwhile. */
const rememberedMs = maxAgeMs + 2 * toleranceMs + 24 * 3600_000;

/**
 * Exchanges a CI system's token, once, for an API token of 15 minutes with the grants of all rules that fit it.
 * Nothing is asked of an issuer that no rule names.
 * @throws XylemError E_CI_TOKEN, E_ISSUER
 */
export async function exchangeCiToken(
  root: Exchanging,
  token: string,
  from: string | null,
): Promise<{ readonly token: string; readonly name: string; readonly expiresMs: number }> {
  const issuer = issuerOf(token);
  if ((await listCiRules(root.db, issuer)).length === 0)
    throw refused('No rule of this root server trusts the issuer of the token.');
  const claims = await verifyCiToken(token, issuer, root);
  return await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, 'grants');
    // Read here, so that a rule which is taken away meanwhile gives nothing.
    const rules = (await listCiRules(trx, issuer)).filter((rule) => fits(rule, claims));
    if (rules.length === 0) {
      root.log.warn('a CI token fits no rule', { issuer, subject: claims.sub, from });
      throw refused(
        'The token is genuine, but no rule takes it: its audience or a claim differs from what rules demand.',
      );
    }
    await useOnce(trx, claims, root.clock.now());
    await clearExpired(trx, root.clock.now());
    return await give(trx, root, { rules, claims, from });
  });
}

async function useOnce(trx: Database, { iss, jti }: CiClaims, nowMs: number): Promise<void> {
  await trx.deleteFrom('ci_used').where('until_ms', '<=', nowMs).execute();
  const token = createHash('sha256')
    .update(JSON.stringify([iss, jti]))
    .digest('hex');
  const first = await trx
    .insertInto('ci_used')
    .values({ token, until_ms: nowMs + rememberedMs })
    .onConflict((c) => c.column('token').doNothing())
    .returning('token')
    .executeTakeFirst();
  if (first === undefined)
    throw refused('The token was exchanged before. Ask the CI system for a new one for each run.');
}

async function clearExpired(trx: Database, nowMs: number): Promise<void> {
  const expired = await trx
    .selectFrom('ci_tokens as c')
    .innerJoin('api_tokens as t', 't.id', 'c.api_token')
    .select('c.api_token')
    .where('t.expires_ms', '<=', nowMs)
    .execute();
  await removeCiTokens(
    trx,
    expired.map(({ api_token }) => api_token),
  );
}

async function give(
  trx: Database,
  root: Exchanging,
  {
    rules,
    claims,
    from,
  }: { readonly rules: readonly CiRule[]; readonly claims: CiClaims; readonly from: string | null },
) {
  const name = `ci ${printable(claims.sub ?? rules[0]?.id ?? '')}`.slice(0, 100);
  const grants: readonly Grant[] = rules.flatMap((rule) => rule.grants);
  const made = await createApiToken(trx, root, { name, grants, lifetimeMs, madeBy: ciOrigin });
  const expiresMs = made.createdMs + lifetimeMs;
  for (const rule of rules)
    await trx.insertInto('ci_tokens').values({ api_token: made.id, rule: rule.id }).execute();
  await withOrigin({ who: `ci-rule/${rules[0]?.id ?? ''} (${name})`, from }, () =>
    appendAudit(trx, root.clock.now(), {
      who: name,
      what: 'ci.exchange',
      subject: `api-token/${made.id}`,
      after: {
        rules: rules.map(({ id }) => id),
        issuer: claims.iss,
        jti: printable(claims.jti),
        claims: matched(rules, claims),
        grants,
        expires: timeOf(expiresMs),
      },
    }),
  );
  return { token: made.token, name, expiresMs };
}

/** Who ran it, as far as rules looked at it: the rest of a token may hold what belongs in no log. */
function matched(rules: readonly CiRule[], claims: CiClaims): Record<string, string> {
  const names = rules.flatMap(({ match }) => Object.keys(match));
  return Object.fromEntries(names.map((name) => [name, printable(String(claims[name]))]));
}
