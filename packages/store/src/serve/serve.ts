import { createHash } from 'node:crypto';
import { close, createReadStream, fstat, open, type Stats } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import type { Repository } from '../repository/repository.ts';
import { type Asked, type Servable, servableOf } from './paths.ts';
import { rangeOf } from './range.ts';

const openFile = promisify(open);
const statFile = promisify(fstat);
const readBlockBytes = 256 * 1024;

/**
 * Answers GET and HEAD of the repository's files; returns false, with nothing sent, when the URL is none of them.
 * Absent and forbidden answer alike. No framework: this is the path that a whole fleet takes.
 */
export function serveRepository(
  repository: Repository,
  options: { authorise: (request: IncomingMessage, asked: Asked) => boolean },
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const servable = servableOf(request.url ?? '');
    if (servable === null) return false;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD', 'content-length': 0 }).end();
    } else if (!options.authorise(request, servable.asked)) {
      sendMissing(response);
    } else {
      void send(repository.folder, servable, request, response);
    }
    return true;
  };
}

async function send(
  folder: string,
  servable: Servable,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const etagOfName = servable.asked.kind === 'object' ? `"${servable.asked.digest}"` : undefined;
  let descriptor: number;
  let stats: Stats;
  try {
    descriptor = await openFile(`${folder}/${servable.path}`, 'r');
    stats = await statFile(descriptor);
  } catch {
    sendMissing(response);
    return;
  }
  const release = (): void => close(descriptor, () => undefined);
  const etag = etagOfName ?? validatorOf(stats);
  const headers = {
    etag,
    'accept-ranges': 'bytes',
    'cache-control': servable.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
  if (matches(request.headers['if-none-match'], etag)) {
    release();
    response.writeHead(304, headers).end();
    return;
  }
  const ifRange = request.headers['if-range'];
  const asksPart = ifRange === undefined || ifRange === etag;
  const range = asksPart ? rangeOf(request.headers.range, stats.size) : null;
  if (range === 'unsatisfiable') {
    release();
    response
      .writeHead(416, { ...headers, 'content-range': `bytes */${stats.size}`, 'content-length': 0 })
      .end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: stats.size };
  response.writeHead(range === null ? 200 : 206, {
    ...headers,
    'content-type': servable.path.endsWith('.json') ? 'application/json' : 'application/octet-stream',
    'content-length': end - start,
    ...(range === null ? {} : { 'content-range': `bytes ${start}-${end - 1}/${stats.size}` }),
  });
  if (request.method === 'HEAD' || end === start) {
    release();
    response.end();
    return;
  }
  const body = createReadStream('', { fd: descriptor, start, end: end - 1, highWaterMark: readBlockBytes });
  body.on('error', () => response.destroy());
  response.on('close', () => body.destroy());
  body.pipe(response);
}

function sendMissing(response: ServerResponse): void {
  response.writeHead(404, { 'cache-control': 'no-store', 'content-length': 0 }).end();
}

/** Replaced files are replaced by rename, so another content is another inode or another time. */
function validatorOf(stats: Stats): string {
  const identity = `${stats.ino}:${stats.size}:${stats.mtimeMs}`;
  return `"${createHash('sha256').update(identity).digest('hex').slice(0, 32)}"`;
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((part) => part.trim() === etag || part.trim() === '*');
}
