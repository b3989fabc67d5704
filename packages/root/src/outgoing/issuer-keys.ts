import type { Clock } from '@xylem/platform';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { fetchJson, isAllowedUrl, issuerFault } from './outgoing.ts';

/** The keys that issuers sign with at present. */
export interface IssuerKeys {
  /** For `jwtVerify`. @throws XylemError E_ISSUER when they can't be had; what jose throws for a key that is not there */
  of(issuer: string): JWTVerifyGetKey;
}

const keptMs = 10 * 60_000;
/** An unknown key id, or an issuer that failed, is asked about no more often: anybody can send tokens. */
const pauseMs = 30_000;
const maxKeys = 100;

interface Kept {
  readonly atMs: number;
  readonly answer: Promise<JWTVerifyGetKey>;
}

/**
 * Keeps what issuers answered. Each is asked by one request at a time, whoever waits for it; a failure is kept too.
 * Durations are by the monotonic clock: a leap neither keeps old keys nor asks again and again.
 */
export function createIssuerKeys(
  clock: Pick<Clock, 'monotonicMs'>,
  fetchOne: (url: string) => Promise<unknown> = fetchJson,
): IssuerKeys {
  const kept = new Map<string, Kept>();
  const ask = (issuer: string): Promise<JWTVerifyGetKey> => {
    const answer = keysOf(issuer, fetchOne);
    const entry = { atMs: clock.monotonicMs(), answer };
    kept.set(issuer, entry);
    answer.catch(() => {
      if (kept.get(issuer) === entry) kept.set(issuer, { ...entry, atMs: entry.atMs - keptMs + pauseMs });
    });
    return answer;
  };
  const present = (issuer: string, maxAgeMs: number): Promise<JWTVerifyGetKey> => {
    const known = kept.get(issuer);
    return known !== undefined && clock.monotonicMs() - known.atMs < maxAgeMs ? known.answer : ask(issuer);
  };
  return {
    of: (issuer) => async (header, token) => {
      try {
        return await (await present(issuer, keptMs))(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        // The issuer may have begun with a new key since.
        return await (await present(issuer, pauseMs))(header, token);
      }
    },
  };
}

/** By OpenID Connect Discovery 1.0, section 4: the document must name the issuer that it was asked of. */
async function keysOf(issuer: string, fetchOne: (url: string) => Promise<unknown>): Promise<JWTVerifyGetKey> {
  const found = await fetchOne(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const { issuer: named, jwks_uri: uri } = (found ?? {}) as Readonly<Record<string, unknown>>;
  if (named !== issuer) throw issuerFault(issuer, 'describes itself as another issuer');
  if (typeof uri !== 'string' || !isAllowedUrl(uri))
    throw issuerFault(issuer, 'names no address of its keys');
  const set = (await fetchOne(uri)) as JSONWebKeySet | null;
  try {
    if (set === null || !Array.isArray(set.keys) || set.keys.length > maxKeys)
      throw new TypeError('no key set');
    return createLocalJWKSet(set);
  } catch (cause) {
    throw issuerFault(uri, 'answers with something that is no set of keys', cause);
  }
}
