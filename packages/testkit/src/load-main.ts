// A load that does not wait for answers, in a process of its own: node load-main.ts PORT RATE. A line "mark NAME" on
// standard input begins another phase, "end" stops sending; then the figures of all phases are one line of JSON.
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

interface Phase {
  sent: number;
  answered: number;
  refused: number;
  lost: number;
  /** On a kept connection that the server had ended meanwhile: sent again on another, as RFC 9112 9.3.1 has clients do. */
  sentAgain: number;
  readonly latenciesMs: number[];
  readonly answers: Record<string, number>;
  readonly faults: Record<string, number>;
}

const [port = '', rate = ''] = process.argv.slice(2);
const perMs = Number(rate) / 1_000;
const tickMs = 2;
const patienceMs = 15_000;
const request = 'GET / HTTP/1.1\r\nhost: load\r\n\r\n';
const lastRequest = 'GET / HTTP/1.1\r\nhost: load\r\nconnection: close\r\n\r\n';

const phases = new Map<string, Phase>();
let phase = begin('start');
const idle: Socket[] = [];
let open = 0;

function begin(name: string): Phase {
  const made = {
    sent: 0,
    answered: 0,
    refused: 0,
    lost: 0,
    sentAgain: 0,
    latenciesMs: [],
    answers: {},
    faults: {},
  };
  phases.set(name, made);
  return made;
}

/** One request. Every second one on a connection of its own, the others on kept ones. */
function send(dueMs: number, isKept: boolean): void {
  const own = phase;
  own.sent += 1;
  open += 1;
  const kept = isKept ? idle.pop() : undefined;
  if (kept !== undefined) exchange(kept, own, dueMs, isKept, true);
  else fresh(own, dueMs, isKept);
}

function fresh(own: Phase, dueMs: number, isKept: boolean): void {
  const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true });
  socket.once('connect', () => {
    socket.removeAllListeners('error');
    exchange(socket, own, dueMs, isKept, false);
  });
  socket.once('error', ({ message }) => {
    own.refused += 1;
    failed(own, message);
  });
}

function failed(own: Phase, message: string): void {
  open -= 1;
  own.faults[message] = (own.faults[message] ?? 0) + 1;
}

function exchange(socket: Socket, own: Phase, dueMs: number, isKept: boolean, isReused: boolean): void {
  let answer = '';
  const finish = (): void => {
    socket.removeAllListeners();
    socket.on('error', () => socket.destroy());
  };
  const timer = setTimeout(() => broken(`no answer in ${patienceMs} ms`), patienceMs);
  const broken = (message: string): void => {
    clearTimeout(timer);
    finish();
    socket.destroy();
    if (isReused && answer === '') {
      own.sentAgain += 1;
      fresh(own, dueMs, isKept);
      return;
    }
    own.lost += 1;
    failed(own, message);
  };
  socket.on('data', (piece: Buffer) => {
    answer += piece.toString('latin1');
    const end = answer.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = answer.slice(0, end).toLowerCase();
    const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) return broken('an answer without a length');
    if (answer.length < end + 4 + length) return;
    clearTimeout(timer);
    finish();
    if (!head.startsWith('http/1.1 200')) {
      socket.destroy();
      own.lost += 1;
      return failed(own, head.slice(0, 40));
    }
    open -= 1;
    own.answered += 1;
    const body = answer.slice(end + 4);
    own.answers[body] = (own.answers[body] ?? 0) + 1;
    own.latenciesMs.push(performance.now() - dueMs);
    if (!isKept || head.includes('connection: close')) {
      socket.end();
      return;
    }
    const gone = (): void => {
      const index = idle.indexOf(socket);
      if (index >= 0) idle.splice(index, 1);
      socket.destroy();
    };
    socket.once('end', gone);
    socket.once('close', gone);
    idle.push(socket);
  });
  socket.on('error', ({ message }: Error) => broken(message));
  socket.on('end', () => broken('the connection ended'));
  socket.write(isKept ? request : lastRequest);
}

const startMs = performance.now();
let due = 0;
const ticking = setInterval(() => {
  const nowMs = performance.now();
  for (; startMs + due / perMs <= nowMs; due += 1) send(startMs + due / perMs, due % 2 === 0);
}, tickMs);

function figures(): unknown {
  return Object.fromEntries(
    [...phases].map(([name, { latenciesMs, ...counts }]) => {
      const sorted = latenciesMs.toSorted((a, b) => a - b);
      const at = (share: number): number =>
        Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10;
      return [name, { ...counts, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(0.99999) }];
    }),
  );
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const [word, name = ''] = line.split(' ');
  if (word === 'mark') phase = begin(name);
  if (word !== 'end') return;
  clearInterval(ticking);
  const waiting = setInterval(() => {
    if (open > 0) return;
    clearInterval(waiting);
    process.stdout.write(`${JSON.stringify(figures())}\n`, () => process.exit(0));
  }, 10);
});
process.stdout.write('sends\n');
