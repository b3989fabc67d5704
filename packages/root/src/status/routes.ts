import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { checkApiToken } from '../auth/api-tokens.ts';
import { fleetStatus } from '../fleet/status.ts';
import { topology } from '../fleet/topology.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import { viewsOf } from '../hosts/views.ts';
import type { Root } from '../root.ts';
import { version } from '../version.ts';
import { script, style } from './assets.ts';
import { type Html, html } from './html.ts';
import { inside, loginPage, page } from './page.ts';
import { createSessions } from './sessions.ts';

const cookie = 'xylem_session';
const policy =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * The status page at `/`: read only, for who shows an API token once, in the form or as `/?token=…` (the link that
 * `start` prints). The token is exchanged for a session cookie and never stays in the address.
 */
export async function addStatusPage(app: FastifyInstance, root: Root): Promise<void> {
  const sessions = createSessions(root);
  const look = drawn(root);
  const isKnown = (request: FastifyRequest): boolean => sessions.isOpen(cookieOf(request));

  const enter = async (
    request: FastifyRequest,
    reply: FastifyReply,
    token: string,
  ): Promise<FastifyReply> => {
    try {
      await checkApiToken(root.db, token);
    } catch {
      return sendHtml(reply.code(403), loginPage(true));
    }
    const secure = 'encrypted' in request.raw.socket ? '; Secure' : '';
    reply.header('set-cookie', `${cookie}=${sessions.open()}; HttpOnly; SameSite=Strict; Path=/${secure}`);
    return reply.redirect('/', 303);
  };

  await app.register(async (scope) => {
    const hide = { hide: true };
    scope.addHook('onSend', async (_request, reply) => {
      reply.headers({
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      });
    });
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: 4096 },
      (_r, body, done) => done(null, new URLSearchParams(String(body))),
    );
    scope.get<{ Querystring: { token?: string } }>('/', { schema: hide }, async (request, reply) => {
      if (typeof request.query.token === 'string') return await enter(request, reply, request.query.token);
      if (!isKnown(request)) return sendHtml(reply.code(401), loginPage(false));
      return sendHtml(reply, page(await look(), version));
    });
    scope.post<{ Body: URLSearchParams }>('/login', { schema: hide }, (request, reply) =>
      enter(request, reply, request.body instanceof URLSearchParams ? (request.body.get('token') ?? '') : ''),
    );
    scope.get('/status/fragment', { schema: hide }, async (request, reply) =>
      isKnown(request) ? sendHtml(reply, await look()) : sendHtml(reply.code(401), html``),
    );
    scope.get('/status/style.css', { schema: hide }, (_request, reply) => reply.type('text/css').send(style));
    scope.get('/status/script.js', { schema: hide }, (_request, reply) =>
      reply.type('text/javascript').send(script),
    );
  });
}

/** Drawn at most once a second, however many look at it. */
function drawn(root: Root): () => Promise<Html> {
  let last: { readonly atMs: number; readonly html: Promise<Html> } | null = null;
  return () => {
    const nowMs = root.clock.monotonicMs();
    if (last === null || nowMs - last.atMs > 1000) last = { atMs: nowMs, html: draw(root) };
    return last.html;
  };
}

async function draw(root: Root): Promise<Html> {
  const views = await viewsOf(root, await hostsIn(root.db));
  return inside({ status: await fleetStatus(root), topology: await topology(root), views });
}

function sendHtml(reply: FastifyReply, { text }: Html): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(text);
}

function cookieOf(request: FastifyRequest): string | null {
  const pairs = (request.headers.cookie ?? '').split(/;\s*/);
  const pair = pairs.find((text) => text.startsWith(`${cookie}=`));
  return pair === undefined ? null : pair.slice(cookie.length + 1);
}
