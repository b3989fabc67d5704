import type { Socket } from 'node:net';

const mostHelloBytes = 16 * 1024;

/** A connection on which TLS has not begun. It is read, as only who reads hears that the other end has gone. */
export class Arrival {
  readonly socket: Socket;
  readonly sinceMs: number;
  readonly #onHello: () => void;
  readonly #onGone: () => void;
  #hello: Buffer | null = null;

  constructor(
    socket: Socket,
    sinceMs: number,
    on: { readonly hello: () => void; readonly gone: () => void },
  ) {
    this.socket = socket;
    this.sinceMs = sinceMs;
    this.#onHello = on.hello;
    this.#onGone = on.gone;
    socket.on('error', nothing).on('readable', this.#read).once('close', this.#onGone);
  }

  /** Leaves the socket as if nothing had been read of it. */
  release(): void {
    this.socket.off('readable', this.#read).off('close', this.#onGone);
    if (this.#hello !== null) this.socket.unshift(this.#hello);
    this.#hello = null;
  }

  readonly #read = (): void => {
    const isFirst = this.#hello === null;
    for (let piece: Buffer | null = this.socket.read(); piece !== null; piece = this.socket.read())
      this.#hello = this.#hello === null ? piece : Buffer.concat([this.#hello, piece]);
    if (this.#hello === null) return;
    if (this.#hello.length > mostHelloBytes) this.socket.destroy();
    else if (isFirst) this.#onHello();
  };
}

/** 'close' follows. */
const nothing = (): void => undefined;
