import { connect, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type Cleanup, removeLater } from './cleanup.ts';

/** What the network does to bytes on their way down, from the target to the client. Offsets count from `fault()`, over all connections. */
export interface NetworkFault {
  /** Each piece of bytes waits so long, in both directions. */
  readonly delayMs?: number;
  /** After so many bytes all connections are reset and new ones are refused until `heal()`. */
  readonly cutAfterBytes?: number;
  /** After so many bytes nothing moves any more, but connections stay open. */
  readonly stallAfterBytes?: number;
  /** One bit of this byte is flipped. */
  readonly corruptAtByte?: number;
  /** New connections are reset at once. */
  readonly refuse?: boolean;
  /** At most so many bytes a second down each connection. */
  readonly bytesPerSecond?: number;
}

export interface CountingProxy {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Bytes at the socket since the start, TLS and headers counted. */
  bytesDown(): number;
  bytesUp(): number;
  connections(): number;
  fault(fault: NetworkFault): void;
  heal(): void;
  /** Sends new connections to another target. */
  retarget(target: { port: number; host?: string }): void;
  /** Resets all open connections. */
  reset(): void;
}

/** A TCP proxy on a free port of 127.0.0.1 that counts bytes in each direction and does network faults on demand. */
export async function countingProxy(
  context: Cleanup,
  target: { port: number; host?: string },
): Promise<CountingProxy> {
  const open = new Set<Socket>();
  let to = target;
  let fault: NetworkFault = {};
  let sinceFault = 0;
  let down = 0;
  let up = 0;
  let connections = 0;
  const resetAll = (): void => {
    for (const socket of open) resetSocket(socket);
  };
  const downward = async (piece: Buffer): Promise<Buffer> => {
    const before = sinceFault;
    sinceFault += piece.length;
    const { delayMs, cutAfterBytes, stallAfterBytes, corruptAtByte, bytesPerSecond } = fault;
    if (delayMs !== undefined) await delay(delayMs);
    if (bytesPerSecond !== undefined) await delay((piece.length / bytesPerSecond) * 1000);
    if (stallAfterBytes !== undefined && before + piece.length > stallAfterBytes)
      await new Promise(() => undefined);
    if (corruptAtByte !== undefined && corruptAtByte >= before && corruptAtByte < before + piece.length) {
      const at = corruptAtByte - before;
      piece[at] = (piece[at] ?? 0) ^ 1;
    }
    if (cutAfterBytes !== undefined && before + piece.length >= cutAfterBytes) {
      const kept = piece.subarray(0, Math.max(0, cutAfterBytes - before));
      down += kept.length;
      fault = { ...fault, refuse: true };
      setImmediate(resetAll);
      return kept;
    }
    down += piece.length;
    return piece;
  };
  const upward = async (piece: Buffer): Promise<Buffer> => {
    if (fault.delayMs !== undefined) await delay(fault.delayMs);
    up += piece.length;
    return piece;
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    client.on('error', () => undefined);
    if (fault.refuse === true) {
      resetSocket(client);
      return;
    }
    connections += 1;
    const upstream = connect({
      host: to.host ?? '127.0.0.1',
      port: to.port,
      allowHalfOpen: true,
      noDelay: true,
    });
    for (const [socket, peer] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(socket);
      socket.on('error', () => peer.destroy());
      socket.on('close', (hadError) => {
        open.delete(socket);
        if (hadError) resetSocket(peer);
      });
    }
    pipeline(client, passing(upward), upstream).catch(() => client.destroy());
    pipeline(upstream, passing(downward), client).catch(() => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  removeLater(context, () => {
    resetAll();
    server.close();
  });
  const address = server.address();
  return {
    host: '127.0.0.1',
    port: typeof address === 'object' && address !== null ? address.port : 0,
    bytesDown: () => down,
    bytesUp: () => up,
    connections: () => connections,
    fault: (next) => {
      fault = next;
      sinceFault = 0;
    },
    heal: () => {
      fault = {};
    },
    retarget: (next) => {
      to = next;
    },
    reset: resetAll,
  };
}

/** A socket that is being shut down can't be reset: libuv refuses, and its handle would keep the process alive. */
function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

function passing(change: (piece: Buffer) => Promise<Buffer>): Duplex {
  return Duplex.from(async function* (pieces: AsyncIterable<Buffer>) {
    for await (const piece of pieces) yield await change(piece);
  });
}
