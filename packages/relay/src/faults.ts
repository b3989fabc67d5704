import { type EnvironmentId, type ErrorCode, timeOf, XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import type { RelayFault } from './options.ts';

/** What keeps the relay from its work, by what it was doing. */
export class Faults {
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #faults = new Map<string, RelayFault>();

  /** @param changed called when a fault came, went, or is another one now */
  constructor(clock: Clock, changed: () => void = () => undefined) {
    this.#clock = clock;
    this.#changed = changed;
  }

  set(doing: string, error: unknown, environment: EnvironmentId | null = null): void {
    const { code, message } =
      error instanceof XylemError ? error : { code: 'E_INTERNAL' as const, message: String(error) };
    const former = this.#faults.get(doing);
    const since = former?.code === code ? former.since : timeOf(this.#clock.now());
    this.#faults.set(doing, { environment, code, message, since });
    if (former?.code !== code) this.#changed();
  }

  clear(doing: string): void {
    if (this.#faults.delete(doing)) this.#changed();
  }

  /** Whether anything else than this ended so. */
  hasBeside(doing: string, code: ErrorCode): boolean {
    return [...this.#faults].some(([other, fault]) => other !== doing && fault.code === code);
  }

  list(): RelayFault[] {
    return [...this.#faults.values()];
  }
}

/** One line for each code, however many environments it concerns: what a report can hold, of the relay as a whole before single ones. Pure. */
export function summary(faults: readonly RelayFault[]): { code: ErrorCode; message: string }[] {
  const byCode = Map.groupBy(faults, ({ code }) => code);
  return [...byCode].map(([code, alike]) => {
    const more = alike.length === 1 ? '' : ` And ${alike.length - 1} more of this kind.`;
    const first = alike.find(({ environment }) => environment === null) ?? alike[0];
    return { code, message: `${first?.message ?? ''}${more}` };
  });
}
