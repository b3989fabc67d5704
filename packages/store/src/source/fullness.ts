import { lifetimes, timeOf, XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import {
  afterAnswer,
  afterFault,
  inStanding,
  neverAsked,
  type Standing,
  untilForgivenMs,
} from './standing.ts';

interface Word {
  readonly fault: XylemError;
  /** When it was said last, monotonic milliseconds. */
  readonly saidMs: number;
}

/** Parents that say of themselves that their disk is full: for all but objects they come after others for a while. */
export class Fullness {
  readonly #clock: Clock;
  readonly #fraction: () => number;
  readonly #maxAvoidMs: number;
  readonly #standings = new Map<string, Standing>();
  readonly #words = new Map<string, Word>();

  /** @param maxAvoidMs the longest that one comes last for having said it once */
  constructor(clock: Clock, fraction: () => number, maxAvoidMs = 300_000) {
    this.#clock = clock;
    this.#fraction = fraction;
    this.#maxAvoidMs = maxAvoidMs;
  }

  /**
   * @param fullForMs as this parent said just now; undefined: it is not full, or does not say
   * @returns whether it said something else before
   */
  said(name: string, fullForMs: number | undefined): boolean {
    const before = this.fault([name]);
    const nowMs = this.#clock.monotonicMs();
    const standing = this.#standings.get(name) ?? neverAsked;
    if (fullForMs === undefined) {
      this.#words.delete(name);
      if (before !== null) this.#standings.set(name, afterAnswer(standing, nowMs));
      return before !== null;
    }
    const fault = before ?? fullParent(name, this.#clock.now() - fullForMs);
    this.#words.set(name, { fault, saidMs: nowMs });
    this.#standings.set(name, afterFault(standing, fault, nowMs, this.#fraction(), this.#maxAvoidMs));
    return before === null;
  }

  /** It was full a moment ago, and is not asked whether it still is. */
  comesLast(name: string): boolean {
    return (this.#standings.get(name)?.avoidUntilMs ?? 0) > this.#clock.monotonicMs();
  }

  /** It was full, and may not be by now. */
  isDue(name: string): boolean {
    return this.fault([name]) !== null && !this.comesLast(name);
  }

  /** `names` in their order, the full ones last. */
  inOrder(names: readonly string[]): string[] {
    return inStanding(names, this.#standings, this.#clock.monotonicMs());
  }

  /** `names` in their order, last those whose last word is that they are full, also where it is time to ask again. */
  roomyFirst(names: readonly string[]): string[] {
    const isFull = (name: string): boolean => this.fault([name]) !== null;
    return [...names.filter((name) => !isFull(name)), ...names.filter(isFull)];
  }

  /**
   * Milliseconds until the first of them is due; null where none was full.
   * @param asOfMs when others were taken instead
   */
  dueMs(names: readonly string[], asOfMs: number): number | null {
    return untilForgivenMs(names, this.#standings, this.#clock.monotonicMs(), asOfMs);
  }

  /** What is to be said of the first of them that is full; null: none is, as far as was said lately. */
  fault(names: readonly string[]): XylemError | null {
    const sinceMs = this.#clock.monotonicMs() - lifetimes.fullForgottenMs;
    for (const name of names) {
      const word = this.#words.get(name);
      if (word !== undefined && word.saidMs > sinceMs) return word.fault;
    }
    return null;
  }
}

function fullParent(name: string, sinceMs: number): XylemError {
  return new XylemError(
    'E_PARENT_FULL',
    `The disk of ${name} is full since ${timeOf(Math.max(0, sinceMs))}, by its own word: it takes nothing new, and what it lacks is asked of other parents.`,
    { retry: 'elsewhere' },
  );
}
