import { createHash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { isAbsent } from '../repository/faults.ts';
import type { Repository } from '../repository/repository.ts';
import { type Asked, type Servable, servableOf } from './paths.ts';
import { rangeOf } from './range.ts';

const readBlockBytes = 256 * 1024;

/** `busy`: it may, and not now: there are too many. */
export type Authorise = (
  request: IncomingMessage,
  asked: Asked,
  response: ServerResponse,
) => boolean | 'busy';

/**
 * Answers GET and HEAD of the repository's files; returns false, with nothing sent, when the URL is none of them.
 * Absent and forbidden answer alike. No framework: this is the path that a whole fleet takes.
 */
export function serveRepository(
  repository: Repository,
  options: { readonly authorise: Authorise },
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const servable = servableOf(request.url ?? '');
    if (servable === null) return false;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD', 'content-length': 0 }).end();
      return true;
    }
    const may = options.authorise(request, servable.asked, response);
    if (may === false) sendMissing(response);
    else if (may === 'busy') response.writeHead(503, { 'retry-after': '10', 'content-length': 0 }).end();
    else {
      send(`${repository.folder}/${servable.path}`, servable, request, response).catch((error: unknown) => {
        if (isAbsent(error)) sendMissing(response);
        // Out of file descriptors, a failing disk: not the same as absent, the child should try another parent.
        else if (!response.headersSent) response.writeHead(503, { 'content-length': 0 }).end();
        else response.destroy();
      });
    }
    return true;
  };
}

async function send(
  path: string,
  servable: Servable,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const known = request.headers['if-none-match'];
  if (known !== undefined) {
    // Most of what a quiet fleet asks: one look at the file, no more.
    const headers = headersOf(servable, await stat(path));
    if (matches(known, headers.etag)) {
      response.writeHead(304, headers).end();
      return;
    }
  }
  const file = await open(path, 'r');
  let isHandedOver = false;
  try {
    isHandedOver = await sendFile(file, servable, request, response);
  } finally {
    if (!isHandedOver) await file.close();
  }
}

/** True when a stream has taken the file and will close it. */
async function sendFile(
  file: FileHandle,
  servable: Servable,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const stats = await file.stat();
  const headers = headersOf(servable, stats);
  const ifRange = request.headers['if-range'];
  const asksPart = ifRange === undefined || ifRange === headers.etag;
  const range = asksPart ? rangeOf(request.headers.range, stats.size) : null;
  if (range === 'unsatisfiable') {
    const none = { ...headers, 'content-range': `bytes */${stats.size}`, 'content-length': 0 };
    response.writeHead(416, none).end();
    return false;
  }
  const { start, end } = range ?? { start: 0, end: stats.size };
  const length = end - start;
  const answer: OutgoingHttpHeaders = {
    ...headers,
    'content-type': servable.path.endsWith('.json') ? 'application/json' : 'application/octet-stream',
    'content-length': length,
    ...(range === null ? {} : { 'content-range': `bytes ${start}-${end - 1}/${stats.size}` }),
  };
  const status = range === null ? 200 : 206;
  if (request.method === 'HEAD' || length === 0) {
    response.writeHead(status, answer).end();
    return false;
  }
  if (length <= readBlockBytes) {
    const bytes = Buffer.allocUnsafe(length);
    const { bytesRead } = await file.read(bytes, 0, length, start);
    if (bytesRead < length) throw new Error('The file became shorter.');
    response.writeHead(status, answer).end(bytes);
    return false;
  }
  response.writeHead(status, answer);
  const body = createReadStream('', { fd: file, start, end: end - 1, highWaterMark: readBlockBytes });
  // Destroys both when one of them breaks, also where the asker has hung up already.
  pipeline(body, response, () => undefined);
  return true;
}

function headersOf({ asked, immutable }: Servable, stats: Stats): OutgoingHttpHeaders & { etag: string } {
  return {
    etag: asked.kind === 'object' ? `"${asked.digest}"` : validatorOf(stats),
    'accept-ranges': 'bytes',
    'cache-control': immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
}

function sendMissing(response: ServerResponse): void {
  response.writeHead(404, { 'cache-control': 'no-store', 'content-length': 0 }).end();
}

/** Replaced files are replaced by rename, so another content is another inode or another time. */
function validatorOf(stats: Stats): string {
  const identity = `${stats.ino}:${stats.size}:${stats.mtimeMs}`;
  return `"${createHash('sha256').update(identity).digest('hex').slice(0, 32)}"`;
}

function matches(header: string, etag: string): boolean {
  return header.split(',').some((part) => part.trim() === etag || part.trim() === '*');
}
