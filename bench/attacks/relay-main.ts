// A malicious relay: real TLS by a relay's genuine certificate, and lies to the hosts that it is told to lie to. Its
// parent tells it what to do over the channel of `fork`; it is given a relay's identity folder, and stolen keys by file.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { encodeNews } from '@xylem/core';
import { pacedHeader, systemClock } from '@xylem/platform';
import {
  clientTls,
  loadIdentity,
  metadataPath,
  peerOf,
  readSnapshot,
  readTimestamp,
  serverTls,
} from '@xylem/trust';
import { type Forgery, forge } from './forge.ts';
import { flipped, type Lie, Memory } from './lies.ts';

export interface Order {
  readonly victim: string;
  readonly lies: readonly Lie[];
  readonly forgery?: Forgery;
  /** What `foreign` takes instead of the victim's environment. */
  readonly otherEnvironment?: string;
}

export type Said =
  | { readonly url: string }
  | { readonly done: string }
  | { readonly told: Record<string, number> };

interface Victim extends Order {
  readonly frozen: ReadonlyMap<string, Buffer>;
  readonly forged: ReadonlyMap<string, Buffer>;
}

const [identityFolder = '', upstream = ''] = process.argv.slice(2);
const identity = await loadIdentity(identityFolder);
if (identity === null) throw new Error('no identity');
const own = {
  key: identity.key,
  certificatePem: identity.certificatePem,
  caPem: identity.caPem,
  environment: identity.environment.id,
};
const tls = clientTls(own);
const memory = new Memory();
const latest = new Map<string, Buffer>();
const victims = new Map<string, Victim>();
/** Lies that each victim was told. */
const told: Record<string, number> = {};

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function ask(
  method: string,
  url: string,
  headers: IncomingMessage['headers'] = {},
  body?: Buffer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { host: _host, ...rest } = headers;
    const outgoing = httpsRequest(`${upstream}${url}`, { ...tls, method, headers: rest }, (answer) => {
      buffer(answer).then(
        (whole) => resolve({ status: answer.statusCode ?? 500, headers: answer.headers, body: whole }),
        reject,
      );
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

async function fetchFile(path: string): Promise<Buffer | null> {
  const { status, body } = await ask('GET', `/${path}`);
  if (status !== 200) return null;
  if (body.length < 4 * 2 ** 20) {
    memory.keep(path, body);
    latest.set(path, body);
  }
  return body;
}

/** All metadata of an environment that this relay may serve too, into its memory. */
async function fetchDirection(environment: string): Promise<void> {
  const read = async (path: string): Promise<Buffer> => {
    const bytes = await fetchFile(`r/${environment}/${path}`);
    if (bytes === null) throw new Error(`the relay may not read ${path} of ${environment}`);
    return bytes;
  };
  const { snapshotVersion } = readTimestamp(await read('metadata/timestamp.json'));
  const snapshot = await read(metadataPath('snapshot', snapshotVersion));
  await read(metadataPath('targets', readSnapshot(snapshot).roles.targets ?? 0));
}

function sendFile(request: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (range === null) {
    response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    return;
  }
  const start = Number(range[1]);
  const end = range[2] ? Math.min(bytes.length, Number(range[2]) + 1) : bytes.length;
  if (start >= bytes.length) {
    response.writeHead(416).end();
    return;
  }
  response
    .writeHead(206, {
      'content-length': end - start,
      'content-range': `bytes ${start}-${end - 1}/${bytes.length}`,
    })
    .end(bytes.subarray(start, end));
}

/** Honest bytes, in pieces. */
function sendPaced(request: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = Number(range?.[1] ?? 0);
  const end = Math.min(bytes.length, range?.[2] ? Number(range[2]) + 1 : bytes.length);
  response.writeHead(206, {
    'content-length': end - start,
    'content-range': `bytes ${start}-${end - 1}/${bytes.length}`,
    [pacedHeader]: '1',
  });
  let at = start;
  const timer = setInterval(() => {
    response.write(bytes.subarray(at, Math.min(end, at + 40)));
    at += 40;
    if (at >= end) response.end();
  }, 100);
  response.once('close', () => clearInterval(timer));
}

function flow(response: ServerResponse, piece: Buffer, pauseMs: number): void {
  response.writeHead(200);
  if (pauseMs > 0) {
    const timer = setInterval(() => response.write(piece), pauseMs);
    response.once('close', () => clearInterval(timer));
    return;
  }
  const more = (): void => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}

async function lieTo(
  victim: Victim,
  how: Lie['how'],
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const honest = await fetchFile(path);
  const send = (bytes: Buffer | null | undefined): boolean => {
    if (bytes === null || bytes === undefined) return false;
    sendFile(request, response, bytes);
    return true;
  };
  switch (how) {
    case 'flip':
      return send(honest === null ? null : flipped(honest));
    case 'short':
      return send(honest?.subarray(0, honest.length >> 1));
    case 'cut': {
      if (honest === null) return false;
      response.writeHead(200, { 'content-length': honest.length });
      response.write(honest.subarray(0, honest.length >> 1), () => response.destroy());
      return true;
    }
    case 'former':
      return send(honest === null ? null : memory.former(path, honest));
    case 'first':
      return send(memory.all(path)[0]);
    case 'frozen':
      return send(victim.frozen.get(path));
    case 'foreign':
      if (!path.includes(own.environment)) return false;
      return send(memory.all(path.replaceAll(own.environment, victim.otherEnvironment ?? '')).at(-1));
    case 'trickle':
      flow(response, Buffer.from(' '), 100);
      return true;
    case 'paced':
      if (honest !== null) sendPaced(request, response, honest);
      return honest !== null;
    case 'endless':
      flow(response, Buffer.alloc(65_536, ' '), 0);
      return true;
    case 'invented': {
      const changed = [{ environment: own.environment, snapshot: 2 ** 31, timestamp: 'bm90aGluZw' }];
      const news = encodeNews({ format: 'xylem-news-1', changed } as Parameters<typeof encodeNews>[0]);
      return send(Buffer.from(news));
    }
  }
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = request.url ?? '/';
  const path = (url.split('?')[0] ?? '/').slice(1);
  const peer = peerOf(request.socket as TLSSocket, { caPem: own.caPem, clock: systemClock });
  const victim = victims.get(peer?.host ?? '');
  if (request.method === 'POST' || path.startsWith('watermarks/')) {
    const answer = await ask(request.method ?? '', url, request.headers, await buffer(request));
    response.writeHead(answer.status, answer.headers).end(answer.body);
    return;
  }
  const forged = victim?.forged.get(path);
  if (victim !== undefined && forged !== undefined) {
    told[victim.victim] = (told[victim.victim] ?? 0) + 1;
    sendFile(request, response, forged);
    return;
  }
  const lie = victim?.lies.find(({ match }) => new RegExp(match).test(path));
  if (victim !== undefined && lie !== undefined && (await lieTo(victim, lie.how, path, request, response))) {
    told[victim.victim] = (told[victim.victim] ?? 0) + 1;
    return;
  }
  // No news: hosts poll, and read file by file.
  const bytes = /^(r|o)\//.test(path) ? await fetchFile(path) : null;
  if (bytes === null) response.writeHead(404).end();
  else sendFile(request, response, bytes);
}

const server = createServer(serverTls(own), (request, response) => {
  response.on('error', () => undefined);
  handle(request, response).catch(() => response.destroy());
});

process.on('message', (order: Order | 'told') => {
  if (order === 'told') {
    process.send?.({ told } satisfies Said);
    return;
  }
  const take = async (): Promise<void> => {
    if (order.otherEnvironment !== undefined) await fetchDirection(order.otherEnvironment);
    const forged =
      order.forgery === undefined ? new Map() : await forge(order.forgery, own.environment, fetchFile);
    victims.set(order.victim, { ...order, forged, frozen: new Map(latest) });
    told[order.victim] = 0;
    process.send?.({ done: order.victim } satisfies Said);
  };
  take().catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `https://127.0.0.1:${(server.address() as AddressInfo).port}` } satisfies Said);
});
