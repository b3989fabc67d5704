import type { IncomingMessage, ServerResponse } from 'node:http';
import { pacedHeader } from '@xylem/platform';
import type { Turns } from '@xylem/platform/serving';
import { isAbsent } from '../repository/faults.ts';
import type { Repository } from '../repository/repository.ts';
import { type FileState, FileStates, mostKeptBytes } from './file-states.ts';
import { type Asked, type HostMapFileId, type Servable, servableOf } from './paths.ts';
import { type Range, rangeOf } from './range.ts';
import { sendPaced } from './send-paced.ts';
import { Transfers } from './transfer.ts';
import { matches } from './validators.ts';

/** A file that is replaced again and again while it is looked at. */
const mostLooks = 5;

/** `busy`: it may, and not now: there are too many. */
export type Authorise = (
  request: IncomingMessage,
  asked: Asked,
  response: ServerResponse,
) => boolean | 'busy';

/** One request for a file that its asker may read. */
interface Asking {
  readonly path: string;
  readonly servable: Servable;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Answers GET and HEAD of the repository's files; returns false, with nothing sent, when the URL is none of them.
 * Absent and forbidden answer alike. No framework: this is the path that a whole fleet takes.
 */
export function serveRepository(
  repository: Repository,
  options: {
    readonly authorise: Authorise;
    /** How an answer is held up (docs/spec/bandwidth.md); null: not at all. */
    readonly turnsOf?: (request: IncomingMessage) => Turns | null;
    /** Makes a file of host map nodes that may be made; default: what is not there is missing. */
    readonly makeHostMap?: (asked: HostMapFileId) => Promise<void>;
  },
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const states = new FileStates();
  const transfers = new Transfers();
  const prefix = `${repository.folder}/`;

  const look = (asking: Asking, looks: number): void => {
    if (looks > mostLooks) throw new Error('The file was replaced again and again.');
    states.look(asking.path, asking.servable, (error, state) => {
      if (asking.response.destroyed) return;
      if (state === null) return sendFault(asking.response, error);
      if (isKnown(asking, state)) return;
      sendContent(asking, state, () => look(asking, looks + 1)).catch((fault: unknown) =>
        sendFault(asking.response, fault),
      );
    });
  };

  /** @param again what to do when something else lies at the path by now */
  const sendContent = async (asking: Asking, state: FileState, again: () => void): Promise<void> => {
    const { request, response } = asking;
    const { size } = state.stats;
    const range = request.method === 'GET' ? asksRange(request, state) : null;
    if (range === 'unsatisfiable') {
      const none = ['content-range', `bytes */${size}`, 'content-length', '0'];
      response.writeHead(416, [...state.headers, ...none]).end();
      return;
    }
    const { start, end } = range ?? { start: 0, end: size };
    const turns = options.turnsOf?.(request) ?? null;
    const isPrompt = asking.servable.asked.kind !== 'object' && end - start <= mostKeptBytes;
    const pace = turns === null || isPrompt ? null : turns;
    const head = (): ServerResponse =>
      response.writeHead(range === null ? 200 : 206, [
        ...contentHeaders(asking.servable, state, range),
        ...(pace === null ? [] : [pacedHeader, '1']),
      ]);
    if (request.method === 'HEAD' || start === end) {
      head().end();
      return;
    }
    if (pace === null) turns?.spend(end - start);
    if (size <= mostKeptBytes) {
      const bytes = state.bytes ?? (await state.load((loaded) => states.keep(state, loaded)));
      if (bytes === null) return again();
      if (response.destroyed) return;
      if (pace === null) head().end(bytes.subarray(start, end));
      else await sendPaced(async (at, count) => bytes.subarray(at, at + count), { start, end }, pace, head());
      return;
    }
    const file = await state.open();
    if (file === null) return again();
    try {
      if (response.destroyed) return;
      head();
      if (pace === null) await transfers.send(file, start, end, response);
      else await sendPaced((at, count) => file.read(at, count), { start, end }, pace, response);
    } finally {
      await file.leave();
    }
  };

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
      const asking = { path: prefix + servable.path, servable, request, response };
      if (servable.asked.kind !== 'host-map' || options.makeHostMap === undefined) look(asking, 1);
      else
        options.makeHostMap(servable.asked).then(
          () => look(asking, 1),
          (fault: unknown) => sendFault(response, fault),
        );
    }
    return true;
  };
}

/** Answers who has it already: most of what a quiet fleet asks. */
function isKnown({ request, response }: Asking, { etag, headers }: FileState): boolean {
  const known = request.headers['if-none-match'];
  if (known === undefined || !matches(known, etag)) return false;
  response.writeHead(304, headers as string[]).end();
  return true;
}

function asksRange(request: IncomingMessage, { etag, stats }: FileState): Range {
  const ifRange = request.headers['if-range'];
  return ifRange === undefined || ifRange === etag ? rangeOf(request.headers.range, stats.size) : null;
}

function contentHeaders(
  { path }: Servable,
  { headers, stats: { size } }: FileState,
  range: { readonly start: number; readonly end: number } | null,
): string[] {
  const { start, end } = range ?? { start: 0, end: size };
  const type = path.endsWith('.json') ? 'application/json' : 'application/octet-stream';
  const all = [...headers, 'content-type', type, 'content-length', String(end - start)];
  if (range !== null) all.push('content-range', `bytes ${start}-${end - 1}/${size}`);
  return all;
}

function sendFault(response: ServerResponse, error: unknown): void {
  // In the middle of a body there is nothing left to say.
  if (response.headersSent) response.destroy();
  else if (isAbsent(error)) sendMissing(response);
  // Out of file descriptors, a failing disk: not the same as absent, the child should try another parent.
  else response.writeHead(503, { 'content-length': 0 }).end();
}

function sendMissing(response: ServerResponse): void {
  response.writeHead(404, { 'cache-control': 'no-store', 'content-length': 0 }).end();
}
