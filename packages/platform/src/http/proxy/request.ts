import type { ClientRequestArgs, IncomingMessage } from 'node:http';
import { urlToHttpOptions } from 'node:url';
import type { XylemError } from '@xylem/core';
import type { Tunnelled } from '../counting-agent.ts';
import type { ProxyServer } from './choose.ts';
import { proxyAuthorization, proxyFault, unauthenticated } from './tunnel.ts';

/** Only what is not secret goes through a proxy of HTTP in the clear: it is asked for it (RFC 9112, 3.2.2). */
const isAsked = (proxy: ProxyServer | null, isTls: boolean): proxy is ProxyServer =>
  proxy?.kind === 'http' && !isTls;

/** Where a request connects to, and what it asks for there. */
export function wayTo(
  url: URL,
  proxy: ProxyServer | null,
  headers: Readonly<Record<string, string | number>>,
  connectMs: number,
): ClientRequestArgs & Tunnelled {
  const direct = { ...urlToHttpOptions(url), headers, tunnel: null, connectMs };
  if (proxy === null) return direct;
  if (!isAsked(proxy, url.protocol === 'https:')) return { ...direct, tunnel: proxy };
  return {
    ...direct,
    hostname: proxy.host,
    port: proxy.port,
    path: `${url.origin}${direct.path}`,
    headers: { ...headers, host: url.host, ...proxyAuthorization(proxy) },
  };
}

/** That a proxy that was asked wants to be told who asks; null: it is an answer like any other. */
export function refusalOf(
  proxy: ProxyServer | null,
  isTls: boolean,
  answer: IncomingMessage,
): XylemError | null {
  return isAsked(proxy, isTls) && answer.statusCode === 407 ? unauthenticated(proxy, '407') : null;
}

/** What came is no TLS at all. A certificate of somebody else may be the parent's own fault. */
const strangers = /^(EPROTO|ERR_SSL_)/;

/** That a proxy did not hand on what a node sent, but answered itself; null: nothing says so. */
export function openedFault(proxy: ProxyServer, url: URL, cause: Error): XylemError | null {
  const { code = '' } = cause as NodeJS.ErrnoException;
  if (!strangers.test(code)) return null;
  return proxyFault(
    proxy,
    `does not hand on what ${url.host} sends, but answers itself (${code}). Except this host from what it looks into.`,
  );
}
