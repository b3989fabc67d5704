import type { ServerResponse } from 'node:http';
import { blockBytes, type OpenFile } from './open-file.ts';

/** Beyond so much that is read and not sent, answers read little at a time: many slow askers take no memory from others. */
export const mostWaitingBytes = 32 * 1024 * 1024;
const smallReadBytes = 16 * 1024;

/** Sends parts of open files; one for all answers of a server, so that what they hold together is bounded. */
export class Transfers {
  /** Buffers that sockets have not taken yet, and how many answers wait with each. */
  readonly #waiting = new Map<Buffer, number>();
  #waitingBytes = 0;

  /** Memory that is held for askers that have not taken it yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Resolves when all is sent or the asker has gone. @throws what reading throws */
  async send(file: OpenFile, start: number, end: number, response: ServerResponse): Promise<void> {
    for (let at = start; at < end; ) {
      const { buffer, from } = await this.#read(file, at, end);
      if (response.destroyed) return;
      const piece = buffer.subarray(from, from + end - at);
      at += piece.length;
      if (response.write(piece)) continue;
      this.#hold(buffer);
      await drained(response);
      this.#release(buffer);
      if (response.destroyed) return;
    }
    response.end();
  }

  async #read(file: OpenFile, at: number, end: number): Promise<{ buffer: Buffer; from: number }> {
    const from = at % blockBytes;
    const most = this.#waitingBytes > mostWaitingBytes ? smallReadBytes : blockBytes;
    // A small part of some block is of use to nobody else.
    if (most === smallReadBytes || (from > 0 && end - at < blockBytes))
      return { buffer: await file.read(at, Math.min(most, end - at)), from: 0 };
    return { buffer: await file.readBlock(at), from };
  }

  #hold(buffer: Buffer): void {
    const others = this.#waiting.get(buffer) ?? 0;
    if (others === 0) this.#waitingBytes += buffer.length;
    this.#waiting.set(buffer, others + 1);
  }

  #release(buffer: Buffer): void {
    const others = (this.#waiting.get(buffer) ?? 1) - 1;
    if (others > 0) {
      this.#waiting.set(buffer, others);
      return;
    }
    this.#waiting.delete(buffer);
    this.#waitingBytes -= buffer.length;
  }
}

/** The socket has taken what was written, or is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
