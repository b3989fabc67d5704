import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { seedLifetimeMs } from '../auth/oidc/seed.ts';
import { sessionLifetimeMs } from '../auth/sessions.ts';

const isSecure = (request: FastifyRequest): boolean => 'encrypted' in request.raw.socket;
/** With TLS the prefix makes the browser refuse it from any other host or by plain HTTP. */
const cookieName = (request: FastifyRequest, what: 'session' | 'sign_in'): string =>
  `${isSecure(request) ? '__Host-' : ''}xylem_${what}`;

/** `Set-Cookie` of a session's token; null signs the browser out. */
export function cookieText(request: FastifyRequest, token: string | null): string {
  return written(request, 'session', 'Strict', token, sessionLifetimeMs);
}

/**
 * `Set-Cookie` of a begun sign-in by an issuer; null forgets it. `Lax`, alone of all: the way back from the issuer is a
 * navigation that another site began, with which a browser sends no `Strict` cookie. It signs nobody in by itself.
 */
export function signInCookieText(request: FastifyRequest, seed: string | null): string {
  return written(request, 'sign_in', 'Lax', seed, seedLifetimeMs);
}

function written(
  request: FastifyRequest,
  what: 'session' | 'sign_in',
  sameSite: 'Strict' | 'Lax',
  value: string | null,
  lifetimeMs: number,
): string {
  const secure = isSecure(request) ? '; Secure' : '';
  const maxAge = value === null ? 0 : lifetimeMs / 1000;
  const name = cookieName(request, what);
  return `${name}=${value ?? ''}; HttpOnly; SameSite=${sameSite}; Path=/; Max-Age=${maxAge}${secure}`;
}

export const cookieOf = (request: FastifyRequest): string | null => read(request, 'session');
export const signInCookieOf = (request: FastifyRequest): string | null => read(request, 'sign_in');

function read(request: FastifyRequest, what: 'session' | 'sign_in'): string | null {
  const name = `${cookieName(request, what)}=`;
  const pair = (request.headers.cookie ?? '').split(/;\s*/).find((text) => text.startsWith(name));
  return pair === undefined ? null : pair.slice(name.length);
}

/** A form of another site that a browser sends here says so; one that says nothing is refused as well. */
export function isOwnOrigin(request: FastifyRequest): boolean {
  const { origin, host } = request.headers;
  return origin === `${isSecure(request) ? 'https' : 'http'}://${host ?? ''}`;
}

/** What the session's own pages know and no other site does. */
export function csrfOf(token: string): string {
  return createHash('sha256').update(`csrf ${token}`).digest('base64url');
}

export function isCsrf(token: string, given: string | null): boolean {
  const [wanted, found] = [csrfOf(token), given ?? ''].map((text) => Buffer.from(text));
  return wanted !== undefined && found?.length === wanted.length && timingSafeEqual(wanted, found);
}
