import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { problemOf } from '../api/problems.ts';
import { addressOf } from '../audit/origin.ts';
import { checkApiToken, type Who } from '../auth/api-tokens.ts';
import { readOidc } from '../auth/oidc/settings.ts';
import { endSession, openSession, sessionOf } from '../auth/sessions.ts';
import { signIn } from '../auth/sign-in.ts';
import { fleetStatus } from '../fleet/status.ts';
import { topology } from '../fleet/topology.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import { viewsOf } from '../hosts/views.ts';
import type { Root } from '../root.ts';
import { version } from '../version.ts';
import { script, style } from './assets.ts';
import { cookieOf, cookieText, csrfOf, isCsrf, isOwnOrigin } from './cookie.ts';
import { type Html, html } from './html.ts';
import { addOidcRoutes } from './oidc-routes.ts';
import { enteredPage, inside, loginPage, page } from './page.ts';

/**
 * The status page at `/`: read only, for who signs in by name and password or shows an API token once, in the form or
 * as `/?token=…`. Either is exchanged for a session cookie, and the token never stays in the address.
 */
export async function addStatusPage(app: FastifyInstance, root: Root): Promise<void> {
  const look = drawn(root);
  const { db, clock } = root;
  const knownBy = async (request: FastifyRequest): Promise<Who | null> => {
    const token = cookieOf(request);
    return token === null ? null : await sessionOf(db, clock, token, 'browser');
  };

  const refuse = async (reply: FastifyReply, status: number, fault: string | null): Promise<FastifyReply> =>
    sendHtml(reply.code(status), loginPage(fault, (await readOidc(db))?.issuer ?? null));
  const give = async (request: FastifyRequest, reply: FastifyReply, token: string): Promise<void> => {
    // Whatever session the browser had before ends here: nobody is signed in with an id that was put there.
    const before = await knownBy(request);
    if (before !== null) await endSession(db, before.tokenId);
    void reply.header('set-cookie', cookieText(request, token));
  };
  const open = async (request: FastifyRequest, reply: FastifyReply, token: string): Promise<FastifyReply> => {
    await give(request, reply, token);
    return reply.redirect('/', 303);
  };
  const deviceOf = (request: FastifyRequest): string => request.headers['user-agent'] ?? 'a browser';
  const placeOf = (request: FastifyRequest) => ({
    kind: 'browser' as const,
    device: deviceOf(request),
    from: addressOf(request.raw.socket.remoteAddress),
  });
  const enter = async (
    request: FastifyRequest,
    reply: FastifyReply,
    token: string,
  ): Promise<FastifyReply> => {
    let who: Who;
    try {
      who = await checkApiToken(db, clock, token);
    } catch {
      return await refuse(reply, 403, 'This token is not known.');
    }
    const { device, ...place } = placeOf(request);
    const subject = `api-token/${who.tokenId}` as const;
    const session = await openSession(db, root, { ...place, subject, name: device });
    return await open(request, reply, session.token);
  };
  const enterPerson = async (
    request: FastifyRequest,
    reply: FastifyReply,
    { name, password }: { readonly name: string; readonly password: string },
  ): Promise<FastifyReply> => {
    try {
      const session = await signIn(root, { ...placeOf(request), name, password });
      return await open(request, reply, session.token);
    } catch (error) {
      const { status, problem } = problemOf(error);
      if (status >= 500) throw error;
      return await refuse(reply, status === 401 ? 403 : status, problem.message);
    }
  };

  await app.register(async (scope) => {
    const hide = { hide: true };
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: 4096 },
      (_r, body, done) => done(null, new URLSearchParams(String(body))),
    );
    scope.get<{ Querystring: { token?: string } }>('/', { schema: hide }, async (request, reply) => {
      const { token } = request.query;
      // No link of another site signs anybody in: it could be as someone else.
      if (typeof token === 'string' && request.headers['sec-fetch-site'] !== 'cross-site')
        return await enter(request, reply, token);
      const who = await knownBy(request);
      if (who === null) return await refuse(reply, 401, null);
      const signedIn = { name: who.name, csrf: csrfOf(cookieOf(request) ?? '') };
      return sendHtml(reply, page(await look(who), version, signedIn));
    });
    scope.post<{ Body: URLSearchParams }>('/login', { schema: hide }, async (request, reply) => {
      if (!isOwnOrigin(request)) return await refuse(reply, 403, 'Sign in on this page.');
      const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
      const [name, password] = [form.get('name') ?? '', form.get('password') ?? ''];
      if (name !== '') return await enterPerson(request, reply, { name, password });
      return await enter(request, reply, form.get('token') ?? '');
    });
    scope.post<{ Body: URLSearchParams }>('/logout', { schema: hide }, async (request, reply) => {
      const token = cookieOf(request);
      const given = request.body instanceof URLSearchParams ? request.body.get('csrf') : null;
      if (token === null || !isOwnOrigin(request) || !isCsrf(token, given))
        return await refuse(reply, 403, 'Sign out on the status page.');
      const who = await knownBy(request);
      if (who !== null) await endSession(db, who.tokenId);
      return reply.header('set-cookie', cookieText(request, null)).redirect('/', 303);
    });
    addOidcRoutes(scope, root, {
      refuse,
      deviceOf,
      welcome: async (request, reply, token) => {
        await give(request, reply, token);
        return sendHtml(reply, enteredPage());
      },
    });
    scope.get('/status/fragment', { schema: hide }, async (request, reply) => {
      const who = await knownBy(request);
      return who === null ? sendHtml(reply.code(401), html``) : sendHtml(reply, await look(who));
    });
    scope.get('/status/style.css', { schema: hide }, (_request, reply) => reply.type('text/css').send(style));
    scope.get('/status/script.js', { schema: hide }, (_request, reply) =>
      reply.type('text/javascript').send(script),
    );
  });
}

const maxDrawn = 50;

/** Drawn at most once a second for all who may see the same, however many look at it. */
function drawn(root: Root): (who: Who) => Promise<Html> {
  const last = new Map<string, { readonly atMs: number; readonly html: Promise<Html> }>();
  return ({ access }) => {
    const nowMs = root.clock.monotonicMs();
    const key = createHash('sha256').update(JSON.stringify(access.grants)).digest('hex');
    const known = last.get(key);
    if (known !== undefined && nowMs - known.atMs <= 1000) return known.html;
    const made = { atMs: nowMs, html: draw(root, access) };
    last.delete(key);
    if (last.size >= maxDrawn) last.clear();
    last.set(key, made);
    return made.html;
  };
}

async function draw(root: Root, access: Who['access']): Promise<Html> {
  const within = access.within('read');
  const status = await fleetStatus(root, access);
  const environments = status.environments.map(({ environment }) => environment.id);
  const views = await viewsOf(root, await hostsIn(root.db, environments));
  const auditFault = access.everywhere('administer') ? (root.audit.fault()?.message ?? null) : null;
  return inside({ status, topology: await topology(root, within), views, auditFault });
}

function sendHtml(reply: FastifyReply, { text }: Html): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(text);
}
