import { lifetimes, XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import type { Doubt } from '@xylem/store';

interface Left {
  /** What it has to show to be taken again. */
  readonly snapshot: number;
  readonly untilMs: number;
  readonly fault: XylemError;
}

/** Parents that were left for being behind, until they show as much as then, or it is too long ago. */
export class Behind {
  readonly #clock: Clock;
  readonly #tell: (fault: XylemError | null) => void;
  readonly #left = new Map<string, Left>();

  constructor(clock: Clock, tell: (fault: XylemError | null) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  leave({ parent, witness, snapshot, sinceMs }: Doubt, shown: number): XylemError {
    const nowMs = this.#clock.monotonicMs();
    const minutes = Math.round((nowMs - sinceMs) / 60_000);
    const fault = new XylemError(
      'E_PARENT_BEHIND',
      `${parent} showed direction ${shown} for ${minutes} minutes while ${witness} had ${snapshot}: left for that one.`,
    );
    this.#left.set(parent, { snapshot, untilMs: nowMs + lifetimes.behindForgottenMs, fault });
    this.#tell(fault);
    return fault;
  }

  /** @throws XylemError E_PARENT_BEHIND: this parent still shows less than when it was left */
  require(parent: string, shown: number): void {
    const left = this.#left.get(parent);
    if (left === undefined) return;
    if (shown < left.snapshot) throw left.fault;
    this.#end(parent);
  }

  /** What is too long ago. */
  forget(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [parent, { untilMs }] of this.#left) if (untilMs <= nowMs) this.#end(parent);
  }

  #end(parent: string): void {
    this.#left.delete(parent);
    this.#tell([...this.#left.values()].at(-1)?.fault ?? null);
  }
}
