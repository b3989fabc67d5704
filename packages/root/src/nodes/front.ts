import type { IncomingMessage, ServerResponse } from 'node:http';
import { encodeParents, encodeTaken, limits, parseReportBatch, proofsHeader, XylemError } from '@xylem/core';
import { packAnswer, readBody, unpackBody } from '@xylem/platform';
import { isBackground, type LimitedLinks } from '@xylem/platform/serving';
import { HostMapFiles, type NewsHub, serveRepository } from '@xylem/store';
import { isRekeyRequest } from '@xylem/trust';
import { problemOf, toXylemError } from '../api/problems.ts';
import { addressOf, withOrigin } from '../audit/origin.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { Root } from '../root.ts';
import type { Authoriser } from './authorise.ts';
import { join } from './join.ts';
import { rekey } from './rekey.ts';
import { relaysAround } from './relays-around.ts';
import { renew } from './renew.ts';

export interface FrontOptions {
  readonly root: Root;
  readonly authoriser: Authoriser;
  readonly news: NewsHub;
  readonly ingest: Ingest;
  readonly links: LimitedLinks;
  /** What is none of the nodes' routes: the API and the status page, by token. */
  readonly others: (request: IncomingMessage, response: ServerResponse) => void;
}

const maxJoinBytes = 256 * 1024;

/** All that nodes ask of a parent (docs/spec/repository.md), behind TLS; and the API for who has a token. */
export function nodesFront(
  options: FrontOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { root, authoriser, news, links } = options;
  const hostMaps = new HostMapFiles(root.repository);
  const serve = serveRepository(root.repository, {
    authorise: authoriser.mayRead,
    makeHostMap: async (asked) => hostMaps.make(asked, await root.directing.hostMaps(asked.environment)),
    turnsOf: (request) =>
      links.serve(authoriser.peer(request)?.host ?? 'strangers', isBackground(request.headers.priority)),
  });
  const routes = nodeRoutes(options);
  return (request, response) => {
    if (serve(request, response)) return;
    const path = request.url?.split('?')[0] ?? '/';
    if (path === '/news' && request.method === 'GET') {
      const peer = authoriser.peer(request);
      if (peer === null) {
        sendProblem(response, forbidden());
        return;
      }
      news.handle(request, response, (environment) => authoriser.mayFollow(peer, environment));
      return;
    }
    const route = routes(request.method ?? '', path);
    if (route === null) return options.others(request, response);
    const origin = { from: addressOf(request.socket.remoteAddress) };
    withOrigin(origin, () => route(request, response)).catch((error: unknown) => {
      const known = toXylemError(error);
      if (known.code === 'E_INTERNAL') root.log.error('a node request failed', { path, error: known.cause });
      sendProblem(response, error);
    });
  };
}

type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function nodeRoutes({
  root,
  authoriser,
  ingest,
}: FrontOptions): (method: string, path: string) => Route | null {
  const requirePeer = (request: IncomingMessage): void => {
    if (authoriser.peer(request) === null) throw forbidden();
  };
  const relays = relaysAround(root);
  const joinRoute: Route = async (request, response) =>
    send(response, 200, await join(root, await readBody(request, maxJoinBytes, 'The join request')));
  const renewRoute: Route = async (request, response) => {
    const body = await readBody(request, maxJoinBytes, 'The renewal request');
    send(response, 200, isRekeyRequest(body) ? await rekey(root, body) : await renew(root, body));
  };
  const reports: Route = async (request, response) => {
    requirePeer(request);
    const { reports: envelopes } = parseReportBatch(await readBatch(request));
    const taken = await ingest.take(envelopes, request.headers[proofsHeader] !== undefined);
    const { body, headers } = await packAnswer(encodeTaken(taken), request.headers['accept-encoding']);
    send(response, 202, body, headers);
  };
  const parents: Route = async (request, response) => {
    const peer = authoriser.peer(request);
    if (peer === null) throw forbidden();
    const self = { url: root.nodesUrl(), host: null };
    const around = await relays(peer);
    send(response, 200, encodeParents({ format: 'xylem-parents-1', self, ...around, above: [] }));
  };
  const watermark =
    (host: string): Route =>
    async (request, response) => {
      const peer = authoriser.peer(request);
      if (peer === null) throw forbidden();
      const mayAsk = peer.host === host || peer.root || peer.serves !== null;
      const found = mayAsk ? await ingest.watermark(host) : null;
      if (found === null) throw new XylemError('E_NOT_FOUND', 'This host has not reported.');
      send(response, 200, Buffer.from(JSON.stringify(found)));
    };
  return (method, path) => {
    if (method === 'POST' && path === '/join') return joinRoute;
    if (method === 'POST' && path === '/renew') return renewRoute;
    if (method === 'POST' && path === '/reports') return reports;
    if (method === 'GET' && path === '/parents') return parents;
    const [, host] = /^\/watermarks\/([0-9a-f]{32})$/.exec(path) ?? [];
    return method === 'GET' && host !== undefined ? watermark(host) : null;
  };
}

async function readBatch(request: IncomingMessage): Promise<Uint8Array> {
  const rules = { maxBytes: limits.reportBatch, what: 'The batch of reports', code: 'E_INPUT' } as const;
  const body = await readBody(request, rules.maxBytes, rules.what);
  return await unpackBody(body, request.headers['content-encoding'], rules);
}

function forbidden(): XylemError {
  return new XylemError('E_FORBIDDEN', 'This needs the certificate of a node of this installation.');
}

function send(
  response: ServerResponse,
  status: number,
  bytes: Uint8Array,
  more: Readonly<Record<string, string>> = {},
): void {
  response
    .writeHead(status, {
      ...more,
      'content-type': 'application/json',
      'content-length': bytes.length,
      'cache-control': 'no-store',
    })
    .end(bytes);
}

function sendProblem(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, problem } = problemOf(error);
  // A body that was not read to its end must not be taken for the next request.
  response.setHeader('connection', 'close');
  send(response, status, Buffer.from(JSON.stringify(problem)));
}
