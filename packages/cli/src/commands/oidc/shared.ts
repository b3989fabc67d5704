import type { ResponseOf } from '@xylem/root/contract';

/** What an administrator compares with what the issuer knows. */
export const oidcText = (oidc: NonNullable<ResponseOf<'oidcShow'>['oidc']>): string =>
  [
    `People sign in by ${oidc.issuer} as the client ${oidc.clientId} (${oidc.hasClientSecret ? 'with a secret' : 'public, without a secret'}).`,
    `Groups come from the claim ${oidc.groupsClaim}, names from ${oidc.nameClaim}; asked for: ${oidc.scope}.`,
    `Redirect address, to be registered at the issuer: ${oidc.redirectUri}`,
  ].join('\n');
