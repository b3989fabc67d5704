import { timeOf, XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';

export interface RootContactOptions {
  readonly clock: Clock;
  readonly cutOffMs: number;
  /** That this relay is cut off; null: no more. */
  readonly onCutOff: (fault: XylemError | null) => void;
}

/** When the root server was last heard of, by what parents say of themselves (docs/spec/failover.md, Cut off). */
export class RootContact {
  readonly #options: RootContactOptions;
  /** Monotonic milliseconds; null: nobody has said. */
  #heardMs: number | null = null;
  /** Since when no parent has answered this process at all; null: one has. */
  #unansweredMs: number | null;
  #isCutOff = false;
  /** What is to be said of who answers all the same. */
  #although = '';

  constructor(options: RootContactOptions) {
    this.#options = options;
    this.#unansweredMs = options.clock.monotonicMs();
  }

  /** Null: not known. */
  sinceRootMs(): number | null {
    const { clock, cutOffMs } = this.#options;
    if (this.#heardMs !== null) return clock.monotonicMs() - this.#heardMs;
    if (this.#unansweredMs === null) return null;
    // At least so long. Less would be taken below for a root server that was heard of just now.
    const atLeastMs = clock.monotonicMs() - this.#unansweredMs;
    return atLeastMs > cutOffMs ? atLeastMs : null;
  }

  /** @param sinceRootMs as a parent said just now; undefined: it does not say, so nothing is known through it */
  said(parent: string, sinceRootMs: number | undefined): void {
    this.#unansweredMs = null;
    const saidMs = sinceRootMs === undefined ? null : this.#options.clock.monotonicMs() - sinceRootMs;
    this.#heardMs = saidMs === null ? null : Math.max(saidMs, this.#heardMs ?? saidMs);
    this.#although = `, although ${parent} answers`;
    this.#look();
  }

  /** No parent answered. */
  silence(): void {
    this.#although = '';
    this.#look();
  }

  /** Looks when the time has come, whoever holds a question or is waited for. Until the signal. */
  async watch(signal: AbortSignal): Promise<void> {
    const { clock, cutOffMs } = this.#options;
    while (!signal.aborted) {
      const leftMs = cutOffMs - (this.sinceRootMs() ?? 0);
      // Not before it has passed; and once it has, a parent's answer alone changes anything.
      await clock.sleep(leftMs < 0 ? cutOffMs : leftMs + 1, signal).catch(() => undefined);
      if (!signal.aborted) this.#look();
    }
  }

  /** Said once: a sentence that moves with each answer would be a report each time. */
  #look(): void {
    const { clock, cutOffMs, onCutOff } = this.#options;
    const sinceMs = this.sinceRootMs();
    const isCutOff = sinceMs !== null && sinceMs > cutOffMs;
    if (isCutOff === this.#isCutOff) return;
    this.#isCutOff = isCutOff;
    if (isCutOff) {
      // Whatever a parent says is a moment.
      const since = timeOf(Math.max(0, clock.now() - sinceMs));
      onCutOff(new XylemError('E_CUT_OFF', `Cut off from the root server since ${since}${this.#although}.`));
    } else onCutOff(null);
  }
}
