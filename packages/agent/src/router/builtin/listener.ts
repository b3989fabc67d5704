import { createServer, type Server } from 'node:net';
import type { Clock, Log } from '@xylem/platform';
import { bufferBytes, forward } from './forward.ts';
import type { ForwarderRoute, RouteState } from './protocol.ts';

const backlog = 4_096;
/** Two buffers of the kernel's and two of ours for each: what the forwarder can hold at most stays bounded. */
const mostConnections = 4_096;
const againMs = 1_000;

/** One address and the port that it leads to. */
export interface Listener {
  state(): RouteState;
  /** New connections go there from now on. */
  lead(port: number): void;
  /** Resolves when it listens or could not; it goes on trying. */
  readonly began: Promise<void>;
  /** Accepts nothing more; what was accepted goes on. */
  close(): void;
}

export function listener(route: ForwarderRoute, clock: Clock, log: Log): Listener {
  const connections = new Map<number, number>();
  let { port } = route;
  let fault: string | null = 'it does not listen yet';
  let server: Server | null = null;
  const over = new AbortController();
  const forwarding = {
    clock,
    target: () => port,
    counted: (to: number, change: 1 | -1) => {
      const count = (connections.get(to) ?? 0) + change;
      if (count === 0) connections.delete(to);
      else connections.set(to, count);
    },
  };

  const listen = (): Promise<string | null> =>
    new Promise((resolve) => {
      const options = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, keepAlive: true };
      const made = createServer({ ...options, highWaterMark: bufferBytes }, (client) => {
        void forward(client, forwarding);
      });
      made.maxConnections = mostConnections;
      made.once('error', (error) => resolve(error.message));
      made.listen({ host: route.host, port: route.listenPort, backlog }, () => {
        made.removeAllListeners('error');
        made.on('error', (cause) => log.error('listening failed', { component: route.component, cause }));
        server = made;
        if (over.signal.aborted) made.close();
        resolve(null);
      });
    });
  const begin = async (): Promise<void> => {
    fault = await listen();
    if (fault !== null) void retry();
  };
  const retry = async (): Promise<void> => {
    log.error('can not listen', { component: route.component, fault });
    while (fault !== null && !over.signal.aborted) {
      await clock.sleep(againMs, over.signal).catch(() => undefined);
      if (!over.signal.aborted) fault = await listen();
    }
  };

  return {
    state: () => ({ ...route, port, fault, connections: Object.fromEntries(connections) }),
    lead: (to) => {
      port = to;
    },
    began: begin(),
    close: () => {
      over.abort();
      server?.close();
    },
  };
}
