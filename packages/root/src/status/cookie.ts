import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { sessionLifetimeMs } from '../auth/sessions.ts';

const isSecure = (request: FastifyRequest): boolean => 'encrypted' in request.raw.socket;
/** With TLS the prefix makes the browser refuse it from any other host or by plain HTTP. */
const cookieName = (request: FastifyRequest): string =>
  isSecure(request) ? '__Host-xylem_session' : 'xylem_session';

/** `Set-Cookie` of a session's token; null signs the browser out. */
export function cookieText(request: FastifyRequest, token: string | null): string {
  const secure = isSecure(request) ? '; Secure' : '';
  const maxAge = token === null ? 0 : sessionLifetimeMs / 1000;
  return `${cookieName(request)}=${token ?? ''}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${maxAge}${secure}`;
}

export function cookieOf(request: FastifyRequest): string | null {
  const name = `${cookieName(request)}=`;
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
