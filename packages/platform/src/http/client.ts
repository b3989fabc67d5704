import type { ClientRequest, IncomingMessage } from 'node:http';
import type { AgentOptions } from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { XylemError } from '@xylem/core';
import type { Turns } from '../serving/paced-link.ts';
import { TransferCounter } from './counters.ts';
import { countingAgent, countingTlsAgent } from './counting-agent.ts';
import { heldUp } from './held-up.ts';
import { chooseProxy, type ProxyServer } from './proxy/choose.ts';
import { openedFault, refusalOf, wayTo } from './proxy/request.ts';
import { saidBy } from './said-by.ts';
import {
  guardAnswer,
  guardRate,
  pacedHeader,
  type SlowestTransfer,
  slowestPaced,
  slowestTransfer,
} from './slow-guard.ts';
import { beyondStale, StaleConnection, watchStale } from './stale.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes, or a stream with its length when known (else chunked). */
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
  /**
   * No byte in either direction for so long ends the request; nor may connecting, or the head of the answer once the
   * request is sent, take longer. Default 20,000 ms.
   */
  readonly idleTimeoutMs?: number;
  /** To be connected, and then TLS, may take so long each. Default: `idleTimeoutMs`. */
  readonly connectMs?: number;
  /**
   * Whether it may come twice: it is sent again over another connection when a kept one was closed as it was sent.
   * Default: GET and HEAD. Nothing that has a stream as its body.
   */
  readonly repeatable?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Must be read to its end or destroyed. Errors with a coded error when the connection breaks. */
  readonly body: IncomingMessage;
  /** The certificate that the server showed, for callers that decide by it. */
  readonly socket: Socket | TLSSocket;
}

/** Keep-alive HTTP/1.1 with mutual TLS, proxies by environment variables, and counters of bytes at the socket. */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Bytes and requests since the client was made, TLS and headers counted. */
  transfer(): { bytesDown: number; bytesUp: number; requests: number };
  /** Ends the TLS connections that fit, also those in use: their requests fail as when the peer goes away. */
  drop(fits: (socket: TLSSocket) => boolean): void;
  close(): void;
}

export interface HttpClientOptions {
  /** Options for TLS sockets (ca, cert, key, checkServerIdentity, …). A function is asked anew for each connection, so a renewed certificate is used at once. */
  readonly tls?: AgentOptions | (() => AgentOptions);
  /** Most sockets to one host. Default 8. */
  readonly maxSockets?: number;
  /** Bodies that come slower are given up. Default 1,024 bytes/s over 30 s. */
  readonly slowest?: SlowestTransfer;
  /** How the body that is sent to a URL is held up; null: not at all. Default: none is. */
  readonly turnsUp?: (url: string) => Turns | null;
  /** Environment with HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY. Default: none. */
  readonly proxyEnvironment?: NodeJS.ProcessEnv;
  /** Names to addresses, for callers that may not go everywhere. An address in a URL is not looked up. */
  readonly lookup?: LookupFunction;
}

/**
 * @throws XylemError E_PARENT_UNREACHABLE when no answer comes, E_PROXY when it is the proxy's fault (both retry
 *   elsewhere); bodies error with the first when they trickle
 */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  // An `import` of node:http evaluates all its exports, among them one that loads a WebSocket client: 4 MB a process.
  // And who makes no client, as the supervisor, needs neither HTTP nor TLS: 15 MB more.
  const http = process.getBuiltinModule('node:http');
  const https = process.getBuiltinModule('node:https');
  const counter = new TransferCounter();
  const shared = {
    keepAlive: true,
    keepAliveMsecs: 30_000,
    maxSockets: options.maxSockets ?? 8,
    scheduling: 'lifo' as const,
    ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
  };
  const plain = countingAgent(shared, counter);
  const tlsOf = options.tls;
  const initialTls = typeof tlsOf === 'function' ? tlsOf() : (tlsOf ?? {});
  const secure = countingTlsAgent(shared, initialTls, counter);

  const attempt = (wanted: HttpRequest): Promise<HttpResponse> =>
    new Promise((resolve, reject) => {
      const url = new URL(wanted.url);
      const isTls = url.protocol === 'https:';
      if (isTls && typeof tlsOf === 'function') secure.use(tlsOf());
      const headers: Record<string, string | number> = { ...wanted.headers };
      if (typeof wanted.body === 'string' || wanted.body instanceof Uint8Array) {
        headers['content-length'] = Buffer.byteLength(wanted.body);
      }
      const withinMs = wanted.idleTimeoutMs ?? 20_000;
      const connectMs = wanted.connectMs ?? withinMs;
      const proxy = chooseProxy(url, options.proxyEnvironment ?? {});
      counter.countRequest();
      const outgoing = (isTls ? https : http).request({
        ...wayTo(url, proxy, headers, connectMs),
        method: wanted.method,
        agent: isTls ? secure.agent : plain,
        ...(wanted.signal === undefined ? {} : { signal: wanted.signal }),
      });
      let body: IncomingMessage | null = null;
      const sent = heldUp(wanted, options.turnsUp, outgoing);
      const isStale = watchStale(outgoing);
      const unreachable = (cause: Error): Error => unreachableError(url, proxy, cause, wanted.signal);
      outgoing.setTimeout(withinMs, () => {
        // Who has not read what came does not wait for more; the guard of its rate sees whether more comes.
        if (body !== null && body.readableLength > 0) return;
        if (sent.isWaiting()) return;
        outgoing.destroy(new Error(`no byte for ${withinMs} ms`));
      });
      guardAnswer(outgoing, isTls, connectMs, withinMs);
      outgoing.on('error', (cause) =>
        reject(isRepeatable(wanted) && isStale(cause) ? new StaleConnection() : unreachable(cause)),
      );
      outgoing.on('response', (incoming) => {
        const refusal = refusalOf(proxy, isTls, incoming);
        if (refusal !== null) {
          outgoing.destroy(refusal);
          return;
        }
        body = incoming;
        const isPaced = incoming.headers[pacedHeader] !== undefined;
        guardRate(incoming, url.origin, isPaced ? slowestPaced : (options.slowest ?? slowestTransfer));
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers as Record<string, string | undefined>,
          body: incoming,
          socket: incoming.socket,
        });
      });
      void send(outgoing, sent.body);
    });

  return {
    request: (wanted) => beyondStale(() => attempt(wanted)),
    transfer: () => counter.totals(),
    drop: (fits) => {
      const lists = [...Object.values(secure.agent.sockets), ...Object.values(secure.agent.freeSockets)];
      for (const socket of lists.flatMap((list) => [...(list ?? [])])) {
        if (fits(socket as TLSSocket)) socket.destroy();
      }
    },
    close: () => {
      plain.destroy();
      secure.agent.destroy();
    },
  };
}

function isRepeatable({ method, body, repeatable }: HttpRequest): boolean {
  const isWhole = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
  return isWhole && (repeatable ?? (method === 'GET' || method === 'HEAD'));
}

async function send(outgoing: ClientRequest, body: HttpRequest['body']): Promise<void> {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    outgoing.end(body);
    return;
  }
  try {
    for await (const piece of body) {
      if (outgoing.destroyed) return;
      if (!outgoing.write(piece)) await drained(outgoing);
    }
    outgoing.end();
  } catch (error) {
    outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

function drained(outgoing: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off('drain', done);
      outgoing.off('close', done);
      resolve();
    };
    outgoing.on('drain', done);
    outgoing.on('close', done);
  });
}

function unreachableError(
  url: URL,
  proxy: ProxyServer | null,
  cause: Error,
  signal: AbortSignal | undefined,
): Error {
  if (signal?.aborted === true) return cause;
  if (cause instanceof XylemError) return cause;
  const through = proxy === null ? '' : ` through the proxy ${proxy.name}`;
  const message = `${url.origin} does not answer${through}: ${saidBy(cause)}`;
  return (
    (proxy === null ? null : openedFault(proxy, url, cause)) ??
    new XylemError('E_PARENT_UNREACHABLE', message, { cause, retry: 'elsewhere' })
  );
}
