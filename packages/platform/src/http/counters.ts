import type { Socket } from 'node:net';

/** Adds up what crosses the sockets of one client: TLS records and headers as the kernel saw them. */
export class TransferCounter {
  readonly #open = new Set<Socket>();
  #closedDown = 0;
  #closedUp = 0;
  #requests = 0;

  countRequest(): void {
    this.#requests += 1;
  }

  watch(socket: Socket): void {
    if (this.#open.has(socket)) return;
    this.#open.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#closedDown += socket.bytesRead;
      this.#closedUp += socket.bytesWritten;
    });
  }

  totals(): { bytesDown: number; bytesUp: number; requests: number } {
    let bytesDown = this.#closedDown;
    let bytesUp = this.#closedUp;
    for (const socket of this.#open) {
      bytesDown += socket.bytesRead;
      bytesUp += socket.bytesWritten;
    }
    return { bytesDown, bytesUp, requests: this.#requests };
  }
}
