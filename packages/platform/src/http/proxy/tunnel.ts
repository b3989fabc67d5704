import type { IncomingMessage } from 'node:http';
import net from 'node:net';
import { XylemError } from '@xylem/core';
import { saidBy } from '../said-by.ts';
import type { ProxyServer } from './choose.ts';

export interface Destination {
  readonly host: string;
  readonly port: number;
}

/**
 * Opens a connection to a destination through a proxy, which looks its name up.
 * @param watch is given the socket to the proxy before a byte crosses it
 * @throws XylemError E_PROXY when the proxy is at fault, E_PARENT_UNREACHABLE when it does not reach the destination
 *   (both retry elsewhere)
 */
export async function openTunnel(
  proxy: ProxyServer,
  destination: Destination,
  withinMs: number,
  watch: (socket: net.Socket) => void,
): Promise<net.Socket> {
  const tcp = net.connect({ host: proxy.host, port: proxy.port });
  watch(tcp);
  const through = `${authorityOf(destination)} within ${withinMs / 1000} s`;
  const late = setTimeout(() => tcp.destroy(new Error(`it has not connected to ${through}`)), withinMs);
  late.unref();
  try {
    await connected(tcp, 'connect');
    if (proxy.kind === 'socks5') await passSocks(proxy, destination, tcp, withinMs);
    else return await passHttp(proxy, destination, await carrierOf(proxy, tcp));
    return tcp;
  } catch (cause) {
    tcp.destroy();
    if (cause instanceof XylemError) throw cause;
    throw proxyFault(proxy, `does not answer as a proxy: ${saidBy(cause)}`);
  } finally {
    clearTimeout(late);
  }
}

/** Why a proxy is no way to a parent. */
export function proxyFault(proxy: ProxyServer, what: string): XylemError {
  return new XylemError('E_PROXY', `The proxy ${proxy.name} ${what}`, {
    retry: 'elsewhere',
    details: { proxy: proxy.name },
  });
}

const unreachedFault = (proxy: ProxyServer, destination: Destination, why: string): XylemError =>
  new XylemError(
    'E_PARENT_UNREACHABLE',
    `The proxy ${proxy.name} does not reach ${authorityOf(destination)} (${why}).`,
    { retry: 'elsewhere', details: { proxy: proxy.name } },
  );

const authorityOf = ({ host, port }: Destination): string =>
  `${net.isIPv6(host) ? `[${host}]` : host}:${port}`;

export function connected(socket: net.Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once(event, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}

/** The proxy itself may want TLS. */
async function carrierOf(proxy: ProxyServer, tcp: net.Socket): Promise<net.Socket> {
  if (proxy.kind !== 'https') return tcp;
  const tls = process.getBuiltinModule('node:tls');
  const name = net.isIP(proxy.host) === 0 ? { servername: proxy.host } : {};
  const secure = tls.connect({ socket: tcp, host: proxy.host, ...name });
  await connected(secure, 'secureConnect');
  return secure;
}

/** By the method CONNECT (RFC 9110, 9.3.6). */
async function passHttp(
  proxy: ProxyServer,
  destination: Destination,
  carrier: net.Socket,
): Promise<net.Socket> {
  const authority = authorityOf(destination);
  const http = process.getBuiltinModule('node:http');
  const [{ statusCode = 0 }, early] = await new Promise<[IncomingMessage, Buffer]>((resolve, reject) => {
    const request = http.request({
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...proxyAuthorization(proxy) },
      createConnection: () => carrier,
    });
    request.once('connect', (answer, _socket, head) => resolve([answer, head]));
    request.once('error', reject);
    request.end();
  });
  if (statusCode >= 500) throw unreachedFault(proxy, destination, `it answered ${statusCode}`);
  if (statusCode === 407) throw unauthenticated(proxy, '407');
  if (statusCode < 200 || statusCode > 299)
    throw proxyFault(
      proxy,
      `refuses to connect to ${authority} (${statusCode}). Have it allow CONNECT to port ${destination.port}.`,
    );
  // No parent speaks first.
  if (early.length > 0)
    throw proxyFault(proxy, `answered with something of its own instead of ${authority}.`);
  return carrier;
}

export const proxyAuthorization = ({ credentials }: ProxyServer): Record<string, string> =>
  credentials === null
    ? {}
    : {
        'proxy-authorization': `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`,
      };

export const unauthenticated = (proxy: ProxyServer, why: string): XylemError =>
  proxyFault(
    proxy,
    proxy.credentials === null
      ? `wants a user and a password (${why}).`
      : `does not take the user ${proxy.credentials.user} with the password that it was given (${why}).`,
  );

/** SOCKS 5 (RFC 1928), with user and password (RFC 1929). */
async function passSocks(
  proxy: ProxyServer,
  destination: Destination,
  tcp: net.Socket,
  withinMs: number,
): Promise<void> {
  // As it is bundled it has no other name.
  const { default: socks } = await import('socks');
  const { host, port, credentials } = proxy;
  const login = credentials === null ? {} : { userId: credentials.user, password: credentials.password };
  try {
    await socks.SocksClient.createConnection({
      proxy: { host, port, type: 5, ...login },
      command: 'connect',
      destination: { ...destination },
      existing_socket: tcp,
      timeout: withinMs,
    });
  } catch (cause) {
    const said = saidBy(cause);
    if (/authentication|no accepted auth/i.test(said)) throw unauthenticated(proxy, said);
    const refusal = /rejected connection - (\w+)/.exec(said)?.[1];
    if (refusal === 'NotAllowed')
      throw proxyFault(proxy, `refuses to connect to ${authorityOf(destination)}. Have it allow that.`);
    if (refusal !== undefined) throw unreachedFault(proxy, destination, refusal);
    throw cause;
  }
}
