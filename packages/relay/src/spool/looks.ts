import { encodeLook, type Taken } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import type { SpooledReport } from './fold.ts';
import { type PostsUp, postUp } from './post-up.ts';

export interface LooksOptions extends PostsUp {
  readonly parents: () => readonly string[];
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>;
  readonly log: Log;
  /** How long a parent is not asked: that knows no looks, that did not answer one. */
  readonly withoutMs: number;
  readonly silentMs: number;
}

/** Asks parents for the watermarks of reports that they took, and remembers which of them are not to be asked now. */
export class Looks {
  readonly #options: LooksOptions;
  readonly #askAgainAtMs = new Map<string, number>();

  constructor(options: LooksOptions) {
    this.#options = options;
  }

  /** Whether it is worth asking. */
  mayAsk(parent: string): boolean {
    const { parents, clock } = this.#options;
    const atMs = this.#askAgainAtMs.get(parent);
    if (atMs !== undefined && atMs <= clock.monotonicMs()) this.#askAgainAtMs.delete(parent);
    return !this.#askAgainAtMs.has(parent) && parents().includes(parent);
  }

  /** It may come back as another version. */
  lost(parent: string): void {
    this.#askAgainAtMs.delete(parent);
  }

  /**
   * What it says of these; null: it can't be asked.
   * @param reports at most limits.lookReports, all for who reads proofs or none
   */
  async ask(parent: string, reports: readonly SpooledReport[]): Promise<Taken | null> {
    const { clock, signal, log, withoutMs, silentMs } = this.#options;
    if (!this.mayAsk(parent)) return null;
    const numbers = reports.map(({ host, incarnation, sequence }) => ({ host, incarnation, sequence }));
    const body = encodeLook({ format: 'xylem-look-1', reports: numbers });
    const readsProofs = reports.every(({ single }) => !single);
    let pauseMs = silentMs;
    try {
      const posted = { path: '/watermarks', body, readsProofs, good: 200 } as const;
      const { status, taken } = await postUp(this.#options, parent, posted);
      if (taken !== null) return taken;
      if (status >= 400 && status < 500 && status !== 429) pauseMs = withoutMs;
      else log.warn('parent did not answer a look for watermarks', { parent, status });
    } catch (error) {
      if (signal.aborted) throw error;
      log.warn('parent did not answer a look for watermarks', { parent, error });
    }
    this.#askAgainAtMs.set(parent, clock.monotonicMs() + pauseMs);
    return null;
  }
}
