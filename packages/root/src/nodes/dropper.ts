import type { Server } from 'node:https';
import type { TLSSocket } from 'node:tls';

/** Follows the connections of a server. @returns ends those that fit, also in the middle of an answer */
export function dropper(server: Server, fits: (socket: TLSSocket) => boolean): () => void {
  const open = new Set<TLSSocket>();
  server.on('secureConnection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return () => {
    for (const socket of open) if (fits(socket)) socket.destroy();
  };
}
