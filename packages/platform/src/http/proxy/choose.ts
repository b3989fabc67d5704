import { isIP } from 'node:net';
import { XylemError } from '@xylem/core';
import { isExcepted } from './exceptions.ts';

/** A proxy, as requests go through it. */
export interface ProxyServer {
  readonly kind: 'http' | 'https' | 'socks5';
  readonly host: string;
  readonly port: number;
  readonly credentials: { readonly user: string; readonly password: string } | null;
  /** For people: its URL without user and password. */
  readonly name: string;
}

const kinds: Readonly<Record<string, readonly [ProxyServer['kind'], port: number]>> = {
  'http:': ['http', 80],
  'https:': ['https', 443],
  'socks:': ['socks5', 1080],
  'socks5:': ['socks5', 1080],
  // As curl calls it when the proxy looks names up, which it always does here.
  'socks5h:': ['socks5', 1080],
};

/**
 * Reads a proxy's URL, with user and password where it wants them. Pure.
 * @throws XylemError E_PROXY; it says nothing of what may be a password
 */
export function readProxy(text: string): ProxyServer {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  const [kind, usualPort] = kinds[url?.protocol ?? ''] ?? [];
  if (url === null || kind === undefined || usualPort === undefined || url.hostname === '')
    throw new XylemError(
      'E_PROXY',
      'That is no URL of a proxy. Write http://proxy.example:3128 or socks5://proxy.example:1080.',
      { retry: 'never' },
    );
  const port = url.port === '' ? usualPort : Number(url.port);
  const login = { user: readable(url.username), password: readable(url.password) };
  return {
    kind,
    host: bare(url.hostname),
    port,
    credentials: url.username === '' ? null : login,
    name: `${kind}://${url.hostname}:${port}`,
  };
}

const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1');

function readable(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** This machine: no proxy has its own loopback in mind. */
const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/**
 * The proxy through which a URL is reached, by HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in small letters too;
 * null: none. Pure.
 * @throws XylemError E_PROXY when the one that is meant can't be read
 */
export function chooseProxy(target: URL, environment: NodeJS.ProcessEnv): ProxyServer | null {
  const named = (name: string): string => environment[name] || environment[name.toUpperCase()] || '';
  const isTls = target.protocol === 'https:';
  const wanted = named(isTls ? 'https_proxy' : 'http_proxy') || named('all_proxy');
  const host = bare(target.hostname);
  if (wanted === '' || isLoopback(host)) return null;
  const port = target.port === '' ? (isTls ? 443 : 80) : Number(target.port);
  return isExcepted(named('no_proxy'), host, port) ? null : readProxy(wanted);
}
