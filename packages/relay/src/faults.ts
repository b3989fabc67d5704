import { timeOf, XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import type { RelayFault } from './options.ts';

/** What keeps the relay from its work, by what it was doing. */
export class Faults {
  readonly #clock: Clock;
  readonly #faults = new Map<string, RelayFault>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(doing: string, error: unknown): void {
    const { code, message } =
      error instanceof XylemError ? error : { code: 'E_INTERNAL' as const, message: String(error) };
    const former = this.#faults.get(doing);
    const since = former?.code === code ? former.since : timeOf(this.#clock.now());
    this.#faults.set(doing, { environment: null, code, message, since });
  }

  clear(doing: string): void {
    this.#faults.delete(doing);
  }

  list(): RelayFault[] {
    return [...this.#faults.values()];
  }
}
