import { createReadStream, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { type Cleanup, removeLater } from './cleanup.ts';

export interface StaticServer {
  readonly url: string;
  readonly port: number;
  /** Method, path and status of each request, in order. */
  readonly requests: string[];
  close(): Promise<void>;
}

/**
 * A plain web server over a folder, as nginx behaves without any configuration of ours: validators by time and size,
 * one range, 405 for POST, no news, no listing. With `tls` over TLS, else plain.
 */
export async function staticServer(
  context: Cleanup,
  folder: string,
  options: { tls?: https.ServerOptions; host?: string } = {},
): Promise<StaticServer> {
  const { host = '127.0.0.1' } = options;
  const requests: string[] = [];
  const handle: RequestListener = (request, response) => {
    response.once('close', () => requests.push(`${request.method} ${request.url} ${response.statusCode}`));
    answer(folder, request, response).catch(() => response.destroy());
  };
  const server = options.tls === undefined ? createServer(handle) : https.createServer(options.tls, handle);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return closed;
  };
  removeLater(context, close);
  const scheme = options.tls === undefined ? 'http' : 'https';
  return { url: `${scheme}://${host}:${port}`, port, requests, close };
}

async function answer(folder: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    request.resume();
    response.writeHead(405).end();
    return;
  }
  const path = normalize(decodeURIComponent((request.url ?? '/').split('?', 1)[0] ?? '/'));
  const file = join(folder, path);
  const found = await stat(file).catch(() => null);
  if (found === null || !found.isFile()) {
    response.writeHead(404, { 'content-type': 'text/html' }).end('<html>404</html>');
    return;
  }
  const etag = etagOf(found);
  const headers = { etag, 'accept-ranges': 'bytes', 'last-modified': found.mtime.toUTCString() };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const range = /^bytes=([0-9]+)-([0-9]*)$/.exec(request.headers.range ?? '');
  const start = range === null ? 0 : Number(range[1]);
  const end = range?.[2] ? Math.min(found.size, Number(range[2]) + 1) : found.size;
  if (range !== null && start >= found.size) {
    response.writeHead(416, { 'content-range': `bytes */${found.size}` }).end();
    return;
  }
  response.writeHead(range === null ? 200 : 206, {
    ...headers,
    'content-type': 'application/octet-stream',
    'content-length': end - start,
    ...(range === null ? {} : { 'content-range': `bytes ${start}-${end - 1}/${found.size}` }),
  });
  if (request.method === 'HEAD' || end === start) response.end();
  else createReadStream(file, { start, end: end - 1 }).pipe(response);
}

/** nginx's: time and size in hexadecimal. */
function etagOf({ mtimeMs, size }: Stats): string {
  return `"${Math.floor(mtimeMs / 1000).toString(16)}-${size.toString(16)}"`;
}
