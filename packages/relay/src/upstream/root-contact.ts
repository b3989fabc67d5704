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
  #isCutOff = false;

  constructor(options: RootContactOptions) {
    this.#options = options;
  }

  /** Null: not known. */
  sinceRootMs(): number | null {
    return this.#heardMs === null ? null : this.#options.clock.monotonicMs() - this.#heardMs;
  }

  /** @param sinceRootMs as a parent said just now; undefined: it does not say, so nothing is known through it */
  said(parent: string, sinceRootMs: number | undefined): void {
    const saidMs = sinceRootMs === undefined ? null : this.#options.clock.monotonicMs() - sinceRootMs;
    this.#heardMs = saidMs === null ? null : Math.max(saidMs, this.#heardMs ?? saidMs);
    this.#look(`, although ${parent} answers`);
  }

  /** No parent answered. */
  silence(): void {
    this.#look('');
  }

  /** Said once: a sentence that moves with each answer would be a report each time. */
  #look(although: string): void {
    const { clock, cutOffMs, onCutOff } = this.#options;
    const sinceMs = this.sinceRootMs();
    const isCutOff = sinceMs !== null && sinceMs > cutOffMs;
    if (isCutOff === this.#isCutOff) return;
    this.#isCutOff = isCutOff;
    if (isCutOff) {
      // Whatever a parent says is a moment.
      const since = timeOf(Math.max(0, clock.now() - sinceMs));
      onCutOff(new XylemError('E_CUT_OFF', `Cut off from the root server since ${since}${although}.`));
    } else onCutOff(null);
  }
}
