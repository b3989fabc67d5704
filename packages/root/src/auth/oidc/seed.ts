import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Randomness } from '@xylem/platform';

/** How long a person may take at the issuer. */
export const seedLifetimeMs = 10 * 60_000;

/** What one begun sign-in of one browser is made of; all but the cookie's text is derived, and kept nowhere. */
export interface SignInSeed {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** By which it is remembered once it was used. */
  readonly digest: string;
  readonly untilMs: number;
}

/** A new one, and the cookie that brings it back. `key`: that of the settings in force, base64url. Pure but for the seed. */
export function newSeed(
  key: string,
  randomness: Pick<Randomness, 'bytes'>,
  nowMs: number,
): { readonly cookie: string; readonly seed: SignInSeed } {
  const random = randomness.bytes(32).toString('base64url');
  const untilMs = nowMs + seedLifetimeMs;
  const said = `${random}.${untilMs}`;
  return { cookie: `${said}.${mac(key, 'cookie', said)}`, seed: derived(key, random, untilMs) };
}

/** What the cookie brings back; null unless it was made with this key. Whether it is over is the caller's to see. Pure. */
export function seedOf(key: string, cookie: string): SignInSeed | null {
  const [, said, random, until, given] =
    /^(([A-Za-z0-9_-]{43})\.(\d{1,16}))\.([A-Za-z0-9_-]{43})$/.exec(cookie) ?? [];
  if (said === undefined || random === undefined || given === undefined) return null;
  return isSame(mac(key, 'cookie', said), given) ? derived(key, random, Number(until)) : null;
}

/** Compares what a stranger sent. Pure. */
export function isSame(wanted: string, given: string): boolean {
  const [a, b] = [wanted, given].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

function derived(key: string, random: string, untilMs: number): SignInSeed {
  return {
    state: mac(key, 'state', random),
    nonce: mac(key, 'nonce', random),
    verifier: mac(key, 'verifier', random),
    digest: createHash('sha256').update(random).digest('hex'),
    untilMs,
  };
}

/** 43 characters: as long as PKCE wants a verifier to be (RFC 7636, section 4.1). */
const mac = (key: string, purpose: string, text: string): string =>
  createHmac('sha256', Buffer.from(key, 'base64url')).update(`${purpose} ${text}`).digest('base64url');
