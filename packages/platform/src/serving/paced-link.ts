import { FairLink, type FairRates, type LinkClaim } from '@xylem/core';
import type { Clock } from '../clock.ts';

/** One transfer's way to ask for its part of a link. */
export interface Turns {
  /** @returns how many of these bytes may go now, at least one @throws the signal's reason */
  take(bytes: number, signal: AbortSignal): Promise<number>;
  /** What went without asking; less than 0: was taken, and did not go. */
  spend(bytes: number): void;
}

/** As much is read of a file at once where nothing is held up. */
const pieceBytes = 256 * 1024;

interface Waiting extends LinkClaim {
  readonly goOn: (bytes: number) => void;
}

/** Holds transfers up so that a link carries no more than it may. A timer runs only while somebody waits. */
export class PacedLink {
  readonly #clock: Clock;
  readonly #rates: () => FairRates;
  readonly #fair = new FairLink<Waiting>();
  #isRunning = false;

  constructor(clock: Clock, rates: () => FairRates) {
    this.#clock = clock;
    this.#rates = rates;
  }

  turns(child: string, isBackground: boolean): Turns {
    return {
      take: async (bytes, signal) => {
        signal.throwIfAborted();
        const { total, each } = this.#rates();
        if (total === null && each === null && !this.#isRunning) return Math.min(bytes, pieceBytes);
        const { promise, resolve, reject } = Promise.withResolvers<number>();
        const waiting: Waiting = { child, isBackground, bytes, goOn: resolve };
        const giveUp = (): void => {
          this.#fair.withdraw(waiting);
          reject(signal.reason);
        };
        signal.addEventListener('abort', giveUp, { once: true });
        this.#fair.claim(waiting);
        void this.#run();
        try {
          return await promise;
        } finally {
          signal.removeEventListener('abort', giveUp);
        }
      },
      spend: (bytes) => this.#fair.spend(bytes, this.#clock.monotonicMs(), this.#rates()),
    };
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (;;) {
      const nowMs = this.#clock.monotonicMs();
      const { grants, againMs } = this.#fair.round(nowMs, this.#rates());
      for (const { claim, bytes } of grants) claim.goOn(bytes);
      if (againMs === null) break;
      await this.#clock.sleep(Math.max(1, againMs - nowMs));
    }
    this.#isRunning = false;
  }
}
