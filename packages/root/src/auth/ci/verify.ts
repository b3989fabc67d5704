import { XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import type { IssuerKeys } from '../../outgoing/issuer-keys.ts';

/** Signatures by a public key only: with `none` or a shared secret anybody could write tokens. */
const algorithms = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');
export const maxAgeMs = 15 * 60_000;
/** How far the issuer's clock may be from ours. */
export const toleranceMs = 60_000;

/** What a token says that its issuer signed, and that is of now. */
export interface CiClaims extends JWTPayload {
  readonly iss: string;
  readonly jti: string;
}

/** Who a token says it is from, unchecked. @throws XylemError E_CI_TOKEN */
export function issuerOf(token: string): string {
  try {
    const { iss } = decodeJwt(token);
    if (typeof iss === 'string') return iss;
  } catch {
    throw refused('This is no token of a CI system (a JWT in compact form).');
  }
  throw refused('The token does not say who issued it.');
}

/**
 * Checks signature, issuer and times; the audience and the other claims are for the rules.
 * @throws XylemError E_CI_TOKEN, E_ISSUER
 */
export async function verifyCiToken(
  token: string,
  issuer: string,
  { keys, clock }: { readonly keys: IssuerKeys; readonly clock: Pick<Clock, 'now'> },
): Promise<CiClaims> {
  try {
    const { payload } = await jwtVerify(token, keys.of(issuer), {
      issuer,
      algorithms,
      clockTolerance: toleranceMs / 1000,
      maxTokenAge: maxAgeMs / 1000,
      requiredClaims: ['exp', 'iat', 'jti', 'aud'],
      currentDate: new Date(clock.now()),
    });
    const { jti } = payload;
    if (typeof jti !== 'string' || jti === '' || jti.length > 500)
      throw refused('The token has no id (claim jti) by which it could be taken only once.');
    return { ...payload, iss: issuer, jti };
  } catch (cause) {
    throw cause instanceof XylemError ? cause : refused(sentence(cause), cause);
  }
}

function sentence(cause: unknown): string {
  if (cause instanceof errors.JWTExpired) {
    return cause.claim === 'exp'
      ? 'The token has expired.'
      : 'The token is older than 15 minutes. Ask the CI system for one right before it is used.';
  }
  if (cause instanceof errors.JWTClaimValidationFailed) {
    return cause.reason === 'missing'
      ? `The token has no claim ${cause.claim}.`
      : `The claim ${cause.claim} of the token does not hold; compare the clocks of issuer and root server.`;
  }
  if (cause instanceof errors.JOSEAlgNotAllowed)
    return 'The token is signed by an algorithm that is not taken: RS, PS, ES (256 to 512) and EdDSA are.';
  if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys)
    return 'The token is signed by none of the keys that its issuer publishes.';
  if (cause instanceof errors.JWSSignatureVerificationFailed)
    return "The token's signature is not its issuer's.";
  return 'This is no token that can be verified.';
}

export const refused = (message: string, cause?: unknown): XylemError =>
  new XylemError('E_CI_TOKEN', message, cause === undefined ? {} : { cause });
