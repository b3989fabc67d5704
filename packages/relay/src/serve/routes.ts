import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import {
  type Digest,
  type DomainId,
  type EnvironmentId,
  type HostId,
  isHostId,
  proofsHeader,
} from '@xylem/core';
import type { Log } from '@xylem/platform';
import {
  expositionOf,
  expositionType,
  isBackground,
  type MetricFamily,
  type Turns,
} from '@xylem/platform/serving';
import {
  type Asked,
  boundStrangers,
  type HostMapFileId,
  type NewsHub,
  type Repository,
  serveRepository,
  verifyHeader,
} from '@xylem/store';
import type { Peer } from '@xylem/trust';
import { waitOf } from '../siblings/fill.ts';
import type { Spool } from '../spool/spool.ts';
import { sendFault, sendJson, sendMissing } from './answer.ts';
import type { Children } from './children.ts';
import { type Surroundings, sendParents } from './parents.ts';
import type { PostedRoute } from './posted.ts';
import { mayFollow, mayHear, mayRead, mayReadMetrics, type Scopes } from './rights.ts';

export interface RoutesOptions {
  readonly peerOf: (socket: TLSSocket) => Peer | null;
  readonly scopes: Scopes;
  readonly repository: Repository;
  /** Whether an object is for machines that are no hosts yet. */
  readonly isInstall: (domain: DomainId, digest: Digest) => boolean;
  /** Waits, not for long, for an object of this domain that is just being fetched. */
  readonly arriving: (domain: DomainId, path: string) => Promise<void>;
  /** Answers a relay of the same site with what is not here yet; false: nothing was answered. */
  readonly fill: (
    asked: { readonly domain: DomainId; readonly digest: Digest; readonly waitMs: number },
    response: ServerResponse,
  ) => Promise<boolean>;
  /** Makes a file of host map nodes that children may be given. */
  readonly makeHostMap: (asked: HostMapFileId) => Promise<void>;
  /** Called with the domain of an object or offer that a child may have and that is not here. */
  readonly missed: (domain: DomainId) => void;
  /** Looks whether an own file is damaged, and removes it if so. */
  readonly doubt: (domain: DomainId, digest: Digest, kind: 'object' | 'offer') => Promise<void>;
  readonly hub: NewsHub;
  readonly children: Children;
  readonly spool: Spool;
  readonly forward: (
    route: '/join' | '/renew',
    request: IncomingMessage,
    response: ServerResponse,
  ) => Promise<void>;
  readonly reports: PostedRoute;
  readonly looks: PostedRoute;
  /** Where a child could turn otherwise. */
  readonly parents: () => Surroundings;
  /** A child asked for an environment's files, so it follows it. */
  readonly onAsked: (environments: readonly EnvironmentId[]) => void;
  /** How what is given to a host, or to a stranger (null), is held up; null: not at all. */
  readonly turnsOf: (host: HostId | null, isBackground: boolean) => Turns | null;
  readonly metrics: () => MetricFamily[];
  readonly log: Log;
}

/** Every request of a child (docs/spec/repository.md). What is not allowed and what is not there answer alike. */
export function routes(options: RoutesOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const strangers = boundStrangers();
  const files = serveRepository(options.repository, {
    authorise: (request, asked, response) => {
      const peer = options.peerOf(request.socket as TLSSocket);
      if (peer === null) {
        const isOpen = asked.kind === 'object' && options.isInstall(asked.domain, asked.digest);
        return isOpen && strangers.admit(response);
      }
      if (!mayRead(peer, asked, options.scopes)) return false;
      noteFollowing(options, peer, asked);
      return true;
    },
    turnsOf: ({ socket, headers }) =>
      options.turnsOf(options.peerOf(socket as TLSSocket)?.host ?? null, isBackground(headers.priority)),
    makeHostMap: options.makeHostMap,
  });
  return (request, response) => {
    route(options, files, request, response).catch((error: unknown) => {
      if (response.destroyed || request.destroyed) return;
      options.log.error('request failed', { url: request.url?.slice(0, 200), error });
      sendFault(response, 500, 'E_INTERNAL', 'This relay could not answer.');
    });
  };
}

async function route(
  options: RoutesOptions,
  files: ReturnType<typeof serveRepository>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = request.url ?? '';
  const path = url.split('?', 1)[0] ?? '';
  const peer = options.peerOf(request.socket as TLSSocket);
  // Connections are few: a stranger has one question, whatever it is.
  if (peer === null) response.setHeader('connection', 'close');
  if (request.method === 'POST' && (path === '/join' || path === '/renew')) {
    await options.forward(path, request, response);
    return;
  }
  if (path === '/metrics' && request.method === 'GET' && mayReadMetrics(peer, request.socket.remoteAddress)) {
    sendMetrics(response, options.metrics());
    return;
  }
  if (peer === null) {
    if (!path.startsWith('/o/') || !files(request, response)) sendMissing(response);
    return;
  }
  const waitMs = waitOf(request.headers.prefer);
  const isDoubted = request.headers[verifyHeader] !== undefined;
  // Relays that fill each other are nobody's children.
  if (peer.host !== null && waitMs === null && !isDoubted) options.children.saw(peer.host);
  if (request.method === 'POST') {
    if (path === '/reports') await options.reports(peer, request, response);
    else if (path === '/watermarks') await options.looks(peer, request, response);
    else sendMissing(response);
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    sendMissing(response);
    return;
  }
  if (path === '/news') {
    options.hub.handle(request, response, (environment) => mayFollow(peer, environment));
  } else if (path === '/parents') {
    sendParents(options, peer, new URLSearchParams(url.slice(path.length)).get('serves'), response);
  } else if (path.startsWith('/watermarks/'))
    sendWatermark(options, peer, path.slice(12), { request, response });
  else {
    const asked = objectOf(path);
    const isAllowed = asked !== null && mayRead(peer, { kind: 'object', ...asked }, options.scopes);
    if (isAllowed && waitMs !== null && request.method === 'GET' && !asked.isOffer && peer.serves !== null) {
      if (await options.fill({ ...asked, waitMs }, response)) return;
    } else if (isAllowed) {
      await waitForObject(options, path, asked, isDoubted);
      response.once('finish', () => {
        if (response.statusCode === 404) options.missed(asked.domain);
      });
    }
    if (!response.destroyed && !files(request, response)) sendMissing(response);
  }
}

function sendMetrics(response: ServerResponse, families: readonly MetricFamily[]): void {
  const text = expositionOf(families);
  response
    .writeHead(200, {
      'content-type': expositionType,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
    })
    .end(text);
}

function sendWatermark(
  { spool }: RoutesOptions,
  peer: Peer,
  host: string,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): void {
  const readsProofs = request.headers[proofsHeader] !== undefined;
  const heard = isHostId(host) && mayHear(peer, host) ? [host] : [];
  const { watermarks, proofs } = spool.watermarks(heard, readsProofs);
  const found = watermarks[0] ?? proofs?.[0];
  if (found === undefined) sendMissing(response);
  else sendJson(response, 200, JSON.stringify(found));
}

interface AskedObject {
  readonly domain: DomainId;
  readonly digest: Digest;
  readonly isOffer: boolean;
}

function objectOf(path: string): AskedObject | null {
  const match = /^\/o\/([0-9a-f]{32})\/(offers\/)?([0-9a-f]{64})$/.exec(path);
  if (match === null) return null;
  return { domain: match[1] as DomainId, digest: match[3] as Digest, isOffer: match[2] !== undefined };
}

/** A child waits for an object that is on its way here; for one that got it wrong it is looked at. */
async function waitForObject(
  options: RoutesOptions,
  path: string,
  { domain, digest, isOffer }: AskedObject,
  isDoubted: boolean,
): Promise<void> {
  if (isDoubted) await options.doubt(domain, digest, isOffer ? 'offer' : 'object');
  else await options.arriving(domain, path.slice(1));
}

/** A child that polls shows by its requests for metadata what it follows. */
function noteFollowing(options: RoutesOptions, peer: Peer, asked: Asked): void {
  if (asked.kind !== 'metadata') return;
  const environment = asked.repository as EnvironmentId;
  const isKnown = peer.environment === environment || options.scopes.get(environment) !== undefined;
  if (isKnown && !peer.root && mayFollow(peer, environment)) options.onAsked([environment]);
}
