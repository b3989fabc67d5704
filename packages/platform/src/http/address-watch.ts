import type { Socket } from 'node:net';
import { networkInterfaces } from 'node:os';

const everyMs = 5_000;
const open = new Set<Socket>();
let timer: NodeJS.Timeout | undefined;

/**
 * Ends a connection soon after this machine has lost the address that it began from: nobody answers to that any more,
 * and nobody says so, which would keep a held request waiting to its end.
 */
export function watchAddress(socket: Socket): void {
  socket.once('connect', () => {
    open.add(socket);
    timer ??= setInterval(look, everyMs).unref();
  });
  socket.once('close', () => {
    open.delete(socket);
    if (open.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  });
}

function look(): void {
  const own = new Set(ownAddresses());
  for (const socket of open) {
    // As a server that hears both kinds calls one of IPv4; an address of one link has its name behind it.
    const address = socket.localAddress?.replace(/^::ffff:/, '').replace(/%.*$/, '');
    if (address !== undefined && !own.has(address) && !isLoopback(address))
      socket.destroy(new Error(`this machine has the address ${address} no more`));
  }
}

/** Of this machine, in the order of the system. */
export const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((of) => (of ?? []).map(({ address }) => address));

/** All of 127.0.0.0/8 belongs to a machine; its interface names one. */
const isLoopback = (address: string): boolean => address.startsWith('127.');
