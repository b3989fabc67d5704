import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addressOf } from '../audit/origin.ts';
import { checkApiToken, type Who } from '../auth/api-tokens.ts';
import { endSession, openSession, sessionLifetimeMs, sessionOf } from '../auth/sessions.ts';
import { fleetStatus } from '../fleet/status.ts';
import { topology } from '../fleet/topology.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import { viewsOf } from '../hosts/views.ts';
import type { Root } from '../root.ts';
import { version } from '../version.ts';
import { script, style } from './assets.ts';
import { type Html, html } from './html.ts';
import { inside, loginPage, page } from './page.ts';

/**
 * The status page at `/`: read only, for who shows an API token once, in the form or as `/?token=…` (the link that
 * `start` prints). The token is exchanged for a session cookie and never stays in the address.
 */
export async function addStatusPage(app: FastifyInstance, root: Root): Promise<void> {
  const look = drawn(root);
  const { db, clock } = root;
  const knownBy = async (request: FastifyRequest): Promise<Who | null> => {
    const token = cookieOf(request);
    return token === null ? null : await sessionOf(db, clock, token, 'browser');
  };

  const enter = async (
    request: FastifyRequest,
    reply: FastifyReply,
    token: string,
  ): Promise<FastifyReply> => {
    let who: Who;
    try {
      who = await checkApiToken(db, clock, token);
    } catch {
      return sendHtml(reply.code(403), loginPage(true));
    }
    // Whatever session the browser had before ends here: nobody is signed in with an id that was put there.
    const before = await knownBy(request);
    if (before !== null) await endSession(db, before.tokenId);
    const session = await openSession(db, root, {
      subject: `api-token/${who.tokenId}`,
      kind: 'browser',
      name: request.headers['user-agent'] ?? 'a browser',
      from: addressOf(request.raw.socket.remoteAddress),
    });
    reply.header('set-cookie', cookieText(request, session.token, sessionLifetimeMs / 1000));
    return reply.redirect('/', 303);
  };

  await app.register(async (scope) => {
    const hide = { hide: true };
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: 4096 },
      (_r, body, done) => done(null, new URLSearchParams(String(body))),
    );
    scope.get<{ Querystring: { token?: string } }>('/', { schema: hide }, async (request, reply) => {
      if (typeof request.query.token === 'string') return await enter(request, reply, request.query.token);
      const who = await knownBy(request);
      if (who === null) return sendHtml(reply.code(401), loginPage(false));
      return sendHtml(reply, page(await look(who), version));
    });
    scope.post<{ Body: URLSearchParams }>('/login', { schema: hide }, async (request, reply) => {
      if (!isOwnOrigin(request)) return sendHtml(reply.code(403), loginPage(true));
      const token = request.body instanceof URLSearchParams ? request.body.get('token') : null;
      return await enter(request, reply, token ?? '');
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
  const status = await fleetStatus(root, within);
  const environments = status.environments.map(({ environment }) => environment.id);
  const views = await viewsOf(root, await hostsIn(root.db, environments));
  return inside({ status, topology: await topology(root, within), views });
}

function sendHtml(reply: FastifyReply, { text }: Html): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(text);
}

const isSecure = (request: FastifyRequest): boolean => 'encrypted' in request.raw.socket;
/** With TLS the prefix makes the browser refuse it from any other host or by plain HTTP. */
const cookieName = (request: FastifyRequest): string =>
  isSecure(request) ? '__Host-xylem_session' : 'xylem_session';

function cookieText(request: FastifyRequest, value: string, maxAgeSeconds: number): string {
  const secure = isSecure(request) ? '; Secure' : '';
  return `${cookieName(request)}=${value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${maxAgeSeconds}${secure}`;
}

function cookieOf(request: FastifyRequest): string | null {
  const name = `${cookieName(request)}=`;
  const pair = (request.headers.cookie ?? '').split(/;\s*/).find((text) => text.startsWith(name));
  return pair === undefined ? null : pair.slice(name.length);
}

/** A form of another site that a browser sends here says so, or says nothing and is refused as well. */
function isOwnOrigin(request: FastifyRequest): boolean {
  const { origin, host } = request.headers;
  return origin !== undefined && origin === `${isSecure(request) ? 'https' : 'http'}://${host ?? ''}`;
}
