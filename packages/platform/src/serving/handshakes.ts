import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { Arrival } from './arrival.ts';
import { type MetricFamily, metric } from './exposition.ts';

/** A handshake that takes longer waits for its peer, not for this process. */
const countedMs = 500;
/** Less than what a node gives a parent to be connected (docs/spec/lifetimes.md). */
const patienceMs = 15_000;
const lookEveryMs = 100;

/** The option of a TLS server: so long after its turn came a handshake is given up. */
export const handshakeTimeout = 10_000;
/** Connections that the kernel takes before the process does: node's own 511 are few for thousands of children. */
export const acceptBacklog = 4_096;

interface Begun {
  readonly socket: Socket;
  readonly sinceMs: number;
  readonly onClose: () => void;
}

/** A server whose handshakes begin in turn. */
export interface AdmittedServer {
  /** Lets nobody in any more, and ends what is no connection yet: who closes a server would wait for it. */
  close(): void;
}

/**
 * Has the TLS handshakes of servers begin in turn, a bounded number at once: docs/spec/failover.md, When all come back
 * at once. None is begun for a peer that does not wait for its end.
 */
export class Handshakes {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'sleep'>;
  readonly #atOnce: number;
  /** With what begins each of them; in the order in which they came, silent ones too. */
  readonly #waiting = new Map<Arrival, () => void>();
  /** Those of them that said something, in the order in which they did. */
  readonly #ready = new Set<Arrival>();
  /** By address and port of the other end: TLS has another object for the same connection. */
  readonly #counted = new Map<string, Begun>();
  readonly #slow = new Map<string, Begun>();
  readonly #results = { done: 0, failed: 0, gone: 0, late: 0 };
  #isLooking = false;

  constructor(clock: Pick<Clock, 'monotonicMs' | 'sleep'>, atOnce = 64) {
    this.#clock = clock;
    this.#atOnce = atOnce;
  }

  /** To be called before the server listens. */
  admit(server: Server): AdmittedServer {
    let isClosed = false;
    // A TLS server also takes connections that are handed to it: what it would do at once, it does in turn.
    const begins = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      if (isClosed) socket.destroy();
      else
        this.#arrive(socket, () => {
          for (const begin of begins) begin.call(server, socket);
        });
    });
    server.on('secureConnection', (socket) => {
      if (this.#end(placeOf(socket))) this.#results.done += 1;
      this.#letIn();
    });
    return {
      close: () => {
        isClosed = true;
        const all = [...this.#waiting.keys(), ...this.#counted.values(), ...this.#slow.values()];
        for (const { socket } of all) socket.destroy();
      },
    };
  }

  metrics(): MetricFamily[] {
    const open = this.#counted.size + this.#slow.size;
    return [
      metric('xylem_handshakes_waiting', 'gauge', 'Connections whose TLS has not begun.', this.#waiting.size),
      metric('xylem_handshakes_open', 'gauge', 'TLS handshakes begun and not done.', open),
      {
        name: 'xylem_handshakes_total',
        type: 'counter',
        help: 'Connections, by what became of their TLS handshake.',
        samples: Object.entries(this.#results).map(([result, value]) => ({ labels: { result }, value })),
      },
    ];
  }

  #arrive(socket: Socket, begin: () => void): void {
    const arrival = new Arrival(socket, this.#clock.monotonicMs(), {
      hello: () => {
        this.#ready.add(arrival);
        this.#letIn();
      },
      gone: () => {
        if (this.#forget(arrival)) this.#results.gone += 1;
      },
    });
    this.#waiting.set(arrival, begin);
    void this.#look();
  }

  /** As long as anybody waits: turns also come, and patience also ends, while nothing happens. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    while (this.#waiting.size > 0) {
      await this.#clock.sleep(lookEveryMs);
      this.#letIn();
    }
    this.#isLooking = false;
  }

  #letIn(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const arrival of this.#waiting.keys()) {
      if (nowMs - arrival.sinceMs < patienceMs) break;
      this.#results[this.#ready.has(arrival) ? 'late' : 'gone'] += 1;
      this.#forget(arrival);
      arrival.socket.destroy();
    }
    for (const [place, begun] of this.#counted) {
      if (nowMs - begun.sinceMs < countedMs) break;
      this.#counted.delete(place);
      this.#slow.set(place, begun);
    }
    for (const arrival of this.#ready) {
      if (this.#counted.size >= this.#atOnce) break;
      this.#begin(arrival, nowMs);
    }
  }

  #begin(arrival: Arrival, sinceMs: number): void {
    const { socket } = arrival;
    const begin = this.#waiting.get(arrival);
    this.#forget(arrival);
    const place = placeOf(socket);
    const onClose = (): void => {
      if (this.#end(place)) this.#results.failed += 1;
      this.#letIn();
    };
    this.#counted.set(place, { socket, sinceMs, onClose });
    socket.once('close', onClose);
    arrival.release();
    begin?.();
  }

  /** @returns whether it waited */
  #forget(arrival: Arrival): boolean {
    this.#ready.delete(arrival);
    return this.#waiting.delete(arrival);
  }

  /** @returns whether such a handshake was under way */
  #end(place: string): boolean {
    const begun = this.#counted.get(place) ?? this.#slow.get(place);
    begun?.socket.off('close', begun.onClose);
    return this.#counted.delete(place) || this.#slow.delete(place);
  }
}

const placeOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
