import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { LinkTraffic } from './busiest.ts';
import { type MetricFamily, metric } from './exposition.ts';
import { Handshakes } from './handshakes.ts';
import { RecentTraffic } from './recent.ts';
import { type RouteClass, routeClasses, routeClassOf } from './route-class.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

interface Connection {
  readonly link: RecentTraffic;
  route: RouteClass;
  sentBytes: number;
  receivedBytes: number;
}

interface RouteCount {
  open: number;
  sentBytes: number;
  receivedBytes: number;
  readonly byStatus: Map<string, number>;
}

/** As many as a report may name as children. */
const mostLinks = 10_000;

/**
 * Counts what a server answers, by kind of request and by child. What a request costs is one listener; bytes are read
 * off the sockets, those of a long answer whenever somebody looks.
 */
export class ServingCounts {
  readonly handshakes: Handshakes;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #connections = new Map<Socket, Connection>();
  readonly #links = new Map<string, RecentTraffic>();
  readonly #nobody = new RecentTraffic();
  readonly #routes = new Map<RouteClass, RouteCount>();

  constructor(clock: Pick<Clock, 'monotonicMs' | 'sleep'>) {
    this.#clock = clock;
    this.handshakes = new Handshakes(clock);
  }

  /** The handler, counted. `hostOf` is asked once for each connection. */
  counted(hostOf: (socket: Socket) => string | null, handle: Handler): Handler {
    return (request, response) => {
      const { socket } = request;
      const route = routeClassOf(request.url ?? '');
      const connection = this.#connections.get(socket) ?? this.#connected(socket, hostOf);
      connection.route = route;
      const count = this.#routeCount(route);
      count.open += 1;
      response.once('close', () => {
        count.open -= 1;
        const status = response.writableFinished ? String(response.statusCode) : 'aborted';
        count.byStatus.set(status, (count.byStatus.get(status) ?? 0) + 1);
        this.#settle(socket, connection, 1);
      });
      handle(request, response);
    };
  }

  /** By host; links that carried nothing for a day are left out and forgotten. */
  links(): LinkTraffic[] {
    this.#settleAll();
    const nowMs = this.#clock.monotonicMs();
    const found = [...this.#links].map(([host, recent]) => ({ host, ...recent.at(nowMs) }));
    for (const { host, day } of found) if (day.requests + day.sentBytes === 0) this.#links.delete(host);
    const links: LinkTraffic[] = found.sort((a, b) => (a.host < b.host ? -1 : 1));
    return [...links, { host: null, ...this.#nobody.at(nowMs) }].filter(
      ({ day }) => day.requests + day.sentBytes > 0,
    );
  }

  metrics(): MetricFamily[] {
    this.#settleAll();
    const each = (value: (count: RouteCount) => number): MetricFamily['samples'] =>
      routeClasses.flatMap((route) => {
        const count = this.#routes.get(route);
        return count === undefined ? [] : [{ labels: { class: route }, value: value(count) }];
      });
    const answered = [...this.#routes].flatMap(([route, { byStatus }]) =>
      [...byStatus].map(([status, value]) => ({ labels: { class: route, status }, value })),
    );
    return [
      { name: 'xylem_requests_total', type: 'counter', help: 'Requests answered.', samples: answered },
      {
        name: 'xylem_sent_bytes_total',
        type: 'counter',
        help: 'Bytes sent to who asked, heads and bodies, without what TLS adds.',
        samples: each((count) => count.sentBytes),
      },
      {
        name: 'xylem_received_bytes_total',
        type: 'counter',
        help: 'Bytes received from who asked, as those sent.',
        samples: each((count) => count.receivedBytes),
      },
      {
        name: 'xylem_requests_open',
        type: 'gauge',
        help: 'Requests not answered yet; of class news those that are held.',
        samples: each((count) => count.open),
      },
      metric('xylem_connections', 'gauge', 'Open connections that have asked.', this.#connections.size),
      ...this.handshakes.metrics(),
    ];
  }

  #connected(socket: Socket, hostOf: (socket: Socket) => string | null): Connection {
    const made = {
      link: this.#linkOf(hostOf(socket)),
      route: 'other' as const,
      sentBytes: 0,
      receivedBytes: 0,
    };
    this.#connections.set(socket, made);
    socket.once('close', () => {
      this.#settle(socket, made, 0);
      this.#connections.delete(socket);
    });
    return made;
  }

  #linkOf(host: string | null): RecentTraffic {
    const known = host === null ? this.#nobody : this.#links.get(host);
    if (known !== undefined) return known;
    if (host === null || this.#links.size >= mostLinks) return this.#nobody;
    const made = new RecentTraffic();
    this.#links.set(host, made);
    return made;
  }

  #routeCount(route: RouteClass): RouteCount {
    const known = this.#routes.get(route);
    if (known !== undefined) return known;
    const made: RouteCount = { open: 0, sentBytes: 0, receivedBytes: 0, byStatus: new Map() };
    this.#routes.set(route, made);
    return made;
  }

  #settleAll(): void {
    for (const [socket, connection] of this.#connections) this.#settle(socket, connection, 0);
  }

  #settle(socket: Socket, connection: Connection, requests: number): void {
    const sentBytes = Math.max(0, socket.bytesWritten - connection.sentBytes);
    const receivedBytes = Math.max(0, socket.bytesRead - connection.receivedBytes);
    if (sentBytes + receivedBytes + requests === 0) return;
    connection.sentBytes += sentBytes;
    connection.receivedBytes += receivedBytes;
    const count = this.#routeCount(connection.route);
    count.sentBytes += sentBytes;
    count.receivedBytes += receivedBytes;
    connection.link.add(this.#clock.monotonicMs(), { requests, sentBytes, receivedBytes });
  }
}
