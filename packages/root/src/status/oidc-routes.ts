import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { problemOf } from '../api/problems.ts';
import { addressOf } from '../audit/origin.ts';
import { beginInBrowser, completeInBrowser } from '../auth/oidc/browser.ts';
import { publicUrlOf } from '../auth/oidc/redirect.ts';
import { readOidc } from '../auth/oidc/settings.ts';
import type { Root } from '../root.ts';
import { signInCookieOf, signInCookieText } from './cookie.ts';

export interface OidcPages {
  /** The sign-in page, with why the last attempt was refused. */
  readonly refuse: (reply: FastifyReply, status: number, fault: string | null) => Promise<FastifyReply>;
  /** Answers who has just come in, with this session. */
  readonly welcome: (request: FastifyRequest, reply: FastifyReply, token: string) => Promise<FastifyReply>;
  readonly deviceOf: (request: FastifyRequest) => string;
}

/** Signing in by an issuer in a browser (docs/spec/people.md): the way there, and the way back. */
export function addOidcRoutes(scope: FastifyInstance, root: Root, pages: OidcPages): void {
  const schema = { hide: true };
  const explain = async (reply: FastifyReply, error: unknown): Promise<FastifyReply> => {
    const { status, problem } = problemOf(error);
    if (problem.code === 'E_INTERNAL') throw error;
    return await pages.refuse(reply, status === 401 ? 403 : status, problem.message);
  };
  scope.get('/login/oidc', { schema }, async (request, reply) => {
    // No link of another site begins it: it would end in a session that nobody here asked for.
    if (request.headers['sec-fetch-site'] === 'cross-site') return await pages.refuse(reply, 403, null);
    try {
      const settings = await readOidc(root.db);
      // The issuer sends the browser to the public address: only there will it have the cookie.
      const home = settings === null ? null : publicUrlOf(root, settings);
      if (home !== null && request.headers.host !== new URL(home).host)
        return await reply.redirect(`${home}/`, 303);
      const { location, cookie } = await beginInBrowser(root);
      return await reply.header('set-cookie', signInCookieText(request, cookie)).redirect(location, 303);
    } catch (error) {
      return await explain(reply, error);
    }
  });
  scope.get('/login/oidc/callback', { schema, exposeHeadRoute: false }, async (request, reply) => {
    void reply.header('set-cookie', signInCookieText(request, null));
    try {
      const token = await completeInBrowser(root, {
        query: /\?.*$/s.exec(request.raw.url ?? '')?.[0] ?? '',
        cookie: signInCookieOf(request),
        device: pages.deviceOf(request),
        from: addressOf(request.raw.socket.remoteAddress),
      });
      return await pages.welcome(request, reply, token);
    } catch (error) {
      return await explain(reply, error);
    }
  });
}
