import { connect, type Socket } from 'node:net';
import type { Clock } from '@xylem/platform';

/** So long a client is held while nothing accepts its connection: a service that is just started again refuses nobody. */
const patienceMs = 5_000;
const firstPauseMs = 10;
const longestPauseMs = 250;
/** In each direction; beyond it who sends must wait. */
export const bufferBytes = 16 * 1024;

export interface Forwarding {
  readonly clock: Clock;
  /** Asked before each attempt: a switch in between counts. */
  target(): number;
  /** One more or one less connection goes to `port`. */
  counted(port: number, change: 1 | -1): void;
}

/**
 * Joins a client, whose socket is paused, to what the target is now, and keeps it there to its end, whatever the target
 * becomes: half-closed connections stay half open, and neither side is read faster than the other takes.
 */
export async function forward(client: Socket, forwarding: Forwarding): Promise<void> {
  const { clock, target } = forwarding;
  client.on('error', () => client.destroy());
  const deadlineMs = clock.monotonicMs() + patienceMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const port = target();
    const service = await connected(port);
    if (client.destroyed) {
      service?.destroy();
      return;
    }
    if (service !== null) {
      join(client, service, port, forwarding);
      return;
    }
    if (clock.monotonicMs() >= deadlineMs) {
      client.resetAndDestroy();
      return;
    }
    await clock.sleep(pauseMs);
  }
}

function connected(port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const options = {
      host: '127.0.0.1',
      port,
      allowHalfOpen: true,
      noDelay: true,
      highWaterMark: bufferBytes,
    };
    const socket = connect(options);
    const failed = (): void => {
      socket.destroy();
      resolve(null);
    };
    socket.once('error', failed);
    socket.setTimeout(patienceMs, failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      socket.setTimeout(0);
      socket.removeAllListeners('timeout');
      resolve(socket);
    });
  });
}

function join(client: Socket, service: Socket, port: number, { counted }: Forwarding): void {
  counted(port, 1);
  service.once('close', () => counted(port, -1));
  const broken = (other: Socket) => (): void => {
    // What was cut off must not look like what came to its end.
    if (!other.destroyed) other.resetAndDestroy();
  };
  client.on('error', broken(service));
  service.on('error', broken(client));
  client.once('close', () => service.destroy());
  service.once('close', () => client.destroySoon());
  client.pipe(service);
  service.pipe(client);
}
