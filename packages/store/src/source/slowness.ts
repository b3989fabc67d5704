import { XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import { afterFault, inStanding, neverAsked, type Standing } from './standing.ts';

const maxAvoidMs = 300_000;

/** What a slow parent is left for: all that directs a node is small. */
export const isObjectPath = (path: string): boolean => path.startsWith('o/');

/** Sources that were left because another gave more: for objects they come after others for a while. */
export class Slowness {
  readonly #clock: Clock;
  readonly #fraction: () => number;
  readonly #standings = new Map<string, Standing>();
  /** Those of which a higher node gave more. */
  readonly #belowHigher = new Set<string>();

  constructor(clock: Clock, fraction: () => number) {
    this.#clock = clock;
    this.#fraction = fraction;
  }

  /** True where `error` is a verdict of a comparison, which counts from now on. */
  note(error: unknown): error is XylemError {
    if (!(error instanceof XylemError) || error.code !== 'E_PARENT_SLOW') return false;
    const { slower, isHigher } = error.details;
    for (const name of Array.isArray(slower) ? slower.map(String) : []) {
      const before = this.#standings.get(name) ?? neverAsked;
      const nowMs = this.#clock.monotonicMs();
      this.#standings.set(name, afterFault(before, error, nowMs, this.#fraction(), maxAvoidMs));
      if (isHigher === true) this.#belowHigher.add(name);
      else this.#belowHigher.delete(name);
    }
    return true;
  }

  isSlow(name: string): boolean {
    return (this.#standings.get(name)?.avoidUntilMs ?? 0) > this.#clock.monotonicMs();
  }

  /** `equals` in their order, the slow ones last; then those above, and those of which one of these gave more. */
  inOrder(equals: readonly string[], above: readonly string[] = []): string[] {
    const isLast = (name: string): boolean => this.#belowHigher.has(name) && this.isSlow(name);
    const ordered = inStanding(equals, this.#standings, this.#clock.monotonicMs());
    return [...ordered.filter((name) => !isLast(name)), ...above, ...ordered.filter(isLast)];
  }
}
