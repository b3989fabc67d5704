import { XylemError } from '@xylem/core';
import { issuerFault } from '../../outgoing/outgoing.ts';
import { printable } from '../printable.ts';

/** Why nobody was signed in; `details.reason` of the error. */
type Reason =
  | 'unset'
  | 'browser'
  | 'replayed'
  | 'expired'
  | 'denied'
  | 'client'
  | 'clock'
  | 'refused'
  | 'token'
  | 'claims'
  | 'groups-claim'
  | 'group'
  | 'shut-out'
  | 'device';

export const oidcFault = (reason: Reason, message: string, cause?: unknown): XylemError =>
  new XylemError('E_OIDC', message, {
    details: { reason },
    ...(cause === undefined ? {} : { cause }),
  });

interface Said {
  readonly code?: unknown;
  readonly error?: unknown;
  readonly status?: unknown;
  readonly cause?: unknown;
}

/** What the library threw, as a person can act on it. What the issuer wrote is shortened, and never HTML or a secret. */
export function faultOf(thrown: unknown, issuer: string): XylemError {
  const own = causes(thrown).find((one): one is XylemError => one instanceof XylemError);
  if (own !== undefined) return own;
  const { code, error, status } = (thrown ?? {}) as Said;
  const cause = plain(thrown);
  const said = typeof error === 'string' ? printable(error).slice(0, 100) : 'no reason';
  switch (code) {
    case 'OAUTH_AUTHORIZATION_RESPONSE_ERROR':
      return said === 'access_denied'
        ? oidcFault('denied', 'The sign-in was denied at the issuer.', cause)
        : oidcFault('refused', `The issuer refused the sign-in: ${said}.`, cause);
    case 'OAUTH_RESPONSE_BODY_ERROR':
    case 'OAUTH_WWW_AUTHENTICATE_CHALLENGE':
      if (status === 401 || said === 'invalid_client' || said === 'unauthorized_client') {
        const message =
          'The issuer does not take the client id or the client secret of this root server, or not for this way of signing in.';
        return oidcFault('client', message, cause);
      }
      return oidcFault('refused', `The issuer refused the sign-in: ${said}.`, cause);
    case 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED':
      return oidcFault(
        'clock',
        "The issuer's token is not valid at this moment: compare the clocks of issuer and root server.",
        cause,
      );
    case 'OAUTH_RESPONSE_IS_NOT_CONFORM':
    case 'OAUTH_RESPONSE_IS_NOT_JSON':
    case 'OAUTH_PARSE_ERROR':
    case 'OAUTH_MISSING_SERVER_METADATA':
    case 'OAUTH_INVALID_SERVER_METADATA':
      return issuerFault(issuer, 'answers otherwise than an issuer of OpenID Connect does', cause);
    case 'OAUTH_TIMEOUT':
    case 'OAUTH_ABORT':
      return issuerFault(issuer, 'does not answer, or not to the end', cause);
    default: {
      const message = "The issuer's answer is not one that it gave to this root server for this sign-in.";
      return oidcFault('token', message, cause);
    }
  }
}

/** Of a grant that a person has not decided about yet: what the issuer says besides faults (RFC 8628, section 3.5). */
export function pendingOf(thrown: unknown): 'authorization_pending' | 'slow_down' | 'expired_token' | null {
  const { code, error } = (thrown ?? {}) as Said;
  if (code !== 'OAUTH_RESPONSE_BODY_ERROR') return null;
  return error === 'authorization_pending' || error === 'slow_down' || error === 'expired_token'
    ? error
    : null;
}

/** Whether a person denied it at the issuer. */
export const isDenied = (thrown: unknown): boolean =>
  (thrown as Said | null)?.code === 'OAUTH_RESPONSE_BODY_ERROR' && (thrown as Said).error === 'access_denied';

/** What the library's errors carry holds tokens, and causes are logged. */
function plain(thrown: unknown): Error {
  const { code } = (thrown ?? {}) as Said;
  const message = thrown instanceof Error ? thrown.message : 'no error';
  return new Error(typeof code === 'string' ? `${message} (${code})` : message);
}

function causes(thrown: unknown): unknown[] {
  const found: unknown[] = [];
  for (let one = thrown; one !== undefined && one !== null && found.length < 8; one = (one as Said).cause)
    found.push(one);
  return found;
}
