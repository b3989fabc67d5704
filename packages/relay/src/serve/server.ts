import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { XylemError } from '@xylem/core';
import type { Log } from '@xylem/platform';
import { acceptBacklog, type Handshakes, handshakeTimeout } from '@xylem/platform/serving';
import { serverTls, type TlsIdentity } from '@xylem/trust';

export interface ServerOptions {
  readonly identity: TlsIdentity;
  readonly listen: { readonly host: string; readonly port: number };
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  readonly maxConnections: number;
  readonly handshakes: Handshakes;
  readonly log: Log;
}

export interface ListeningServer {
  readonly port: number;
  /** Shows a renewed certificate from the next connection on. */
  renew(identity: TlsIdentity): void;
  /** Ends the connections that fit, also in the middle of an answer. */
  drop(fits: (socket: TLSSocket) => boolean): void;
  /** Lets no one in, ends idle connections, gives running answers a moment, then ends all. */
  close(): Promise<void>;
}

/** No byte for so long ends a connection; longer than a held news request. */
const idleMs = 90_000;
const closeWithinMs = 1_000;

/** The TLS 1.3 front, with bounds on everything that a stranger can hold open. @throws XylemError E_PORT_IN_USE, E_PERMISSION, E_NETWORK */
export async function listenTls(options: ServerOptions): Promise<ListeningServer> {
  const { identity, listen, handle, maxConnections, handshakes, log } = options;
  const server = createServer(
    {
      ...serverTls(identity),
      handshakeTimeout,
      headersTimeout: 15_000,
      requestTimeout: 120_000,
      keepAliveTimeout: 75_000,
      maxHeaderSize: 80 * 1024,
      connectionsCheckingInterval: 5_000,
      noDelay: true,
    },
    handle,
  );
  server.maxConnections = maxConnections;
  server.timeout = idleMs;
  const admitted = handshakes.admit(server);
  server.on('tlsClientError', (error) => log.info('TLS refused', { message: error.message }));
  const open = new Set<TLSSocket>();
  server.on('secureConnection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFault(error, listen)));
    server.listen({ host: listen.host, port: listen.port, backlog: acceptBacklog }, resolve);
  });
  server.on('error', (error) => log.error('server', { error }));
  return {
    port: portOf(server),
    renew: (next) => server.setSecureContext(serverTls(next)),
    drop: (fits) => {
      for (const socket of open) if (fits(socket)) socket.destroy();
    },
    close: () => {
      admitted.close();
      return closeServer(server);
    },
  };
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const end = setTimeout(() => server.closeAllConnections(), closeWithinMs);
  await closed;
  clearTimeout(end);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function listenFault(error: NodeJS.ErrnoException, { host, port }: ServerOptions['listen']): XylemError {
  const place = `${host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    return new XylemError('E_PORT_IN_USE', `${place} is taken by another program.`, { cause: error });
  }
  if (error.code === 'EACCES') {
    return new XylemError('E_PERMISSION', `${place} may not be listened on.`, { cause: error });
  }
  return new XylemError('E_NETWORK', `${place} can't be listened on: ${error.message}.`, { cause: error });
}
