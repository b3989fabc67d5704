// Asks over mutual TLS by bare sockets: neither wrk nor h2load can show a certificate.
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { systemClock } from '@xylem/platform';
import type { Answered, Asking } from './asking.ts';

/** What the bench says to this process; it answers with `Answered`, or with the number of connections that it holds. */
export type ToLoad =
  | { readonly kind: 'tls'; readonly key: string; readonly cert: string }
  | ({ readonly kind: 'ask' } & Asking)
  | { readonly kind: 'hold'; readonly url: string; readonly path: string; readonly connections: number };

const headEnd = Buffer.from('\r\n\r\n');
const opensAtOnce = 16;
const held: TLSSocket[] = [];
let tls: { readonly key: string; readonly cert: string };

interface Counting {
  answers: number;
  bytes: number;
  failed: number;
}

function open(url: URL, onBytes: (piece: Buffer) => void): Promise<TLSSocket> {
  const socket = connect({
    ...tls,
    host: url.hostname,
    port: Number(url.port),
    minVersion: 'TLSv1.3',
    // What is measured is the server; whom it belongs to is known.
    rejectUnauthorized: false,
  });
  socket.on('data', onBytes);
  return once(socket, 'secureConnect').then(() => socket);
}

/** Counts whole answers in a stream of bytes: with a length, or without a body. */
function answerCounter(onAnswer: (status: number) => void): (piece: Buffer) => void {
  let left = 0;
  let head = Buffer.alloc(0);
  return (piece) => {
    let at = 0;
    while (at < piece.length) {
      if (left > 0) {
        const taken = Math.min(left, piece.length - at);
        left -= taken;
        at += taken;
        if (left === 0) onAnswer(200);
        continue;
      }
      const seen = head.length === 0 ? piece.subarray(at) : Buffer.concat([head, piece.subarray(at)]);
      const end = seen.indexOf(headEnd);
      if (end < 0) {
        head = Buffer.from(seen);
        return;
      }
      const text = seen.toString('latin1', 0, end);
      at += end + headEnd.length - head.length;
      head = Buffer.alloc(0);
      const status = Number(text.slice(9, 12));
      left = status === 304 ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (left === 0) onAnswer(status);
    }
  };
}

async function ask({ url, headers, connections, seconds }: Asking): Promise<Answered> {
  const where = new URL(url);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const request = Buffer.from(
    `GET ${where.pathname} HTTP/1.1\r\nhost: ${where.host}\r\n${lines.join('')}\r\n`,
  );
  const counted: Counting = { answers: 0, bytes: 0, failed: 0 };
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const count = answerCounter((status) => {
        counted.answers += 1;
        if (status !== 200 && status !== 304) counted.failed += 1;
        socket.write(request);
      });
      const socket = await open(where, (piece) => {
        counted.bytes += piece.length;
        count(piece);
      });
      socket.on('error', () => {
        counted.failed += 1;
      });
      return socket;
    }),
  );
  const begunMs = systemClock.monotonicMs();
  for (const socket of sockets) socket.write(request);
  await systemClock.sleep(seconds * 1000);
  const answered = { ...counted, seconds: (systemClock.monotonicMs() - begunMs) / 1000 };
  for (const socket of sockets) socket.destroy();
  return answered;
}

/** Opens connections, each with one answered request, and keeps them. */
async function hold(url: string, path: string, connections: number): Promise<void> {
  const where = new URL(url);
  const request = `GET ${path} HTTP/1.1\r\nhost: ${where.host}\r\n\r\n`;
  let left = connections;
  const inTurn = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const { promise, resolve } = Promise.withResolvers<void>();
      const opening = open(where, () => resolve());
      const socket = await opening;
      held.push(socket);
      socket.write(request);
      await promise;
    }
  };
  await Promise.all(Array.from({ length: opensAtOnce }, inTurn));
}

process.on('message', (message: ToLoad) => {
  if (message.kind === 'tls') tls = message;
  else if (message.kind === 'ask') void ask(message).then((answered) => process.send?.(answered));
  else void hold(message.url, message.path, message.connections).then(() => process.send?.(held.length));
});
