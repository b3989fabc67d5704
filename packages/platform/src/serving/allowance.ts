import type { Turns } from './paced-link.ts';

/** So much at a time, where a link allows it: 320 MB/s. A limit that is set meanwhile counts from there on. */
const mostAhead = 16 * 1024 * 1024;

/**
 * What one transfer may pass on, asked for ahead of what is at hand: a round gives a transfer no more than it asked for,
 * and what is at hand is but a record of TLS.
 */
export class Allowance {
  readonly #turns: Turns;
  readonly #signal: AbortSignal;
  #left = 0;

  constructor(turns: Turns, signal: AbortSignal) {
    this.#turns = turns;
    this.#signal = signal;
  }

  /**
   * @param toCome bytes until the end of the transfer, these included
   * @returns how many of these bytes may go now, at least one
   * @throws the signal's reason
   */
  async take(bytes: number, toCome = Number.MAX_SAFE_INTEGER): Promise<number> {
    if (this.#left === 0) this.#left = await this.#turns.take(Math.min(toCome, mostAhead), this.#signal);
    const now = Math.min(bytes, this.#left);
    this.#left -= now;
    return now;
  }

  /** At the end: what was not used may others. */
  giveBack(): void {
    if (this.#left > 0) this.#turns.spend(-this.#left);
    this.#left = 0;
  }
}
