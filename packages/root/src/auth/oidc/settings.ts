import { createHash } from 'node:crypto';
import { XylemError } from '@xylem/core';
import type { Clock, Randomness } from '@xylem/platform';
import type { Selectable } from 'kysely';
import { lockFor } from '../../db/lock.ts';
import type { Database, Tables } from '../../db/tables.ts';
import { isAllowedUrl } from '../../outgoing/outgoing.ts';
import { oidcFault } from './faults.ts';

/** By which issuer people sign in, and how it is asked. */
export interface OidcSettings {
  /** Exactly as its tokens name it. */
  readonly issuer: string;
  readonly clientId: string;
  /** Null: a public client, which PKCE alone protects. */
  readonly clientSecret: string | null;
  readonly scope: string;
  readonly groupsClaim: string;
  readonly nameClaim: string;
  /** Origin that browsers come back to; null: how nodes reach this root server. */
  readonly publicUrl: string | null;
}

/** As they are in force. `key` is theirs alone: whatever was begun under other settings does not fit it. */
export interface PresentOidc extends OidcSettings {
  readonly key: string;
}

export async function readOidc(db: Database): Promise<PresentOidc | null> {
  const row = await db.selectFrom('oidc').selectAll().executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** @throws XylemError E_OIDC if nobody set an issuer */
export async function requireOidc(db: Database): Promise<PresentOidc> {
  const settings = await readOidc(db);
  if (settings !== null) return settings;
  throw oidcFault('unset', 'This root server knows no issuer to sign in by.');
}

/**
 * Puts these in the place of what was there. Every session and every sign-in that was begun by those before ends, since
 * what they know of a person was read by other rules. Call it in the transaction of its entry.
 * @throws XylemError E_INPUT
 */
export async function writeOidc(
  trx: Database,
  { clock, randomness }: { readonly clock: Pick<Clock, 'now'>; readonly randomness: Randomness },
  settings: OidcSettings,
): Promise<void> {
  await removeOidc(trx);
  await trx
    .insertInto('oidc')
    .values({
      id: 1,
      issuer: settings.issuer,
      client_id: settings.clientId,
      client_secret: settings.clientSecret,
      scope: settings.scope,
      groups_claim: settings.groupsClaim,
      name_claim: settings.nameClaim,
      public_url: settings.publicUrl,
      key: randomness.bytes(32).toString('base64url'),
      set_ms: clock.now(),
    })
    .execute();
}

/** Ends every session that it opened, too. What groups may stays. */
export async function removeOidc(trx: Database): Promise<void> {
  await lockFor(trx, 'oidc');
  await trx.deleteFrom('oidc').execute();
  await trx.deleteFrom('oidc_devices').execute();
  await trx.deleteFrom('sessions').where('subject', 'like', 'oidc/%').execute();
}

/** @throws XylemError E_INPUT for what no sign-in could work by, or should */
export function checkOidc({ issuer, scope, publicUrl }: OidcSettings): void {
  // The library takes the document behind such an address for whichever issuer it names.
  if (!isAllowedUrl(issuer) || issuer.includes('/.well-known/') || /[?#]/.test(issuer))
    throw refused(`${issuer} is no issuer that can be asked: write it as its tokens name it, https://…`);
  if (!scope.split(' ').includes('openid')) throw refused(`The scope "${scope}" must contain openid.`);
  if (publicUrl === null) return;
  if (!isAllowedUrl(publicUrl) || URL.parse(publicUrl)?.origin !== publicUrl)
    throw refused(
      `${publicUrl} is no address that browsers can come back to: write https://root.example:8441`,
    );
}

const refused = (message: string): XylemError => new XylemError('E_INPUT', message);

/** Whose word a person is: two issuers may give the same `sub` to two people. */
export const accountOf = ({ issuer }: Pick<OidcSettings, 'issuer'>, sub: string): `oidc/${string}` =>
  `oidc/${createHash('sha256').update(issuer).digest('hex').slice(0, 12)}/${sub}`;

function fromRow(row: Selectable<Tables['oidc']>): PresentOidc {
  return {
    issuer: row.issuer,
    clientId: row.client_id,
    clientSecret: row.client_secret,
    scope: row.scope,
    groupsClaim: row.groups_claim,
    nameClaim: row.name_claim,
    publicUrl: row.public_url,
    key: row.key,
  };
}
