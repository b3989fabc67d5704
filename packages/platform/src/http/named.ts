import { createHttpClient, type HttpClient, type HttpClientOptions } from './client.ts';

/**
 * A client for an address that somebody named. It goes through the proxy that this process was told of, which reads
 * nothing of it: for `https:` alone.
 */
export function clientFor(
  url: string,
  options: Omit<HttpClientOptions, 'proxyEnvironment'> = {},
): HttpClient {
  return createHttpClient(url.startsWith('https:') ? { ...options, proxyEnvironment: process.env } : options);
}
