import { lifetimes } from '@xylem/core';
import type { Clock } from '@xylem/platform';

const firstAtOnce = 256;
const leastAtOnce = 128;
const mostAtOnce = 4096;

/** Who waits to be told. */
export interface Sleeper {
  /** Its connection: by that it is known when it asks again. */
  readonly connection: object;
  /** @returns false: there was nothing to tell after all */
  tell(): Promise<boolean>;
}

/**
 * Tells children what is new as fast as they come back from it: ten thousand who are told at the same moment fetch at
 * the same moment, and what does not fit into the processor time of a server or its children's is begun again. A child
 * that asks on the same connection has done what it was told. For each that is back soon one more is told at once, for
 * each that is not one fewer.
 */
export class Wakes {
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #sleepers = new Set<Sleeper>();
  /** Connections of those who were told and are not back, in the order in which they were told, with when. */
  readonly #told = new Map<object, number>();
  #atOnce = firstAtOnce;
  #isWaiting = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** In the order in which they come, once each. */
  add(sleepers: Iterable<Sleeper>): void {
    for (const one of sleepers) this.#sleepers.add(one);
    this.#goOn();
  }

  /** It need not be told any more. */
  forget(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper);
  }

  /** A child asks by this connection. */
  isBack(connection: object): void {
    if (!this.#told.delete(connection)) return;
    this.#atOnce = Math.min(mostAtOnce, this.#atOnce + 1);
    this.#goOn();
  }

  close(): void {
    this.#sleepers.clear();
    this.#stop.abort();
  }

  #goOn(): void {
    this.#giveUpLate();
    for (const one of this.#sleepers) {
      if (this.#told.size >= this.#atOnce) {
        this.#waitForLate();
        return;
      }
      this.#sleepers.delete(one);
      // Behind a proxy many children share a connection: the newest counts.
      this.#told.delete(one.connection);
      this.#told.set(one.connection, this.#clock.monotonicMs());
      one.tell().then(
        (wasTold) => {
          if (!wasTold) this.#notTold(one);
        },
        () => this.#notTold(one),
      );
    }
  }

  #notTold({ connection }: Sleeper): void {
    this.#told.delete(connection);
    this.#goOn();
  }

  /** Those who are not back by now are no longer waited for. */
  #giveUpLate(): void {
    const lateMs = this.#clock.monotonicMs() - lifetimes.wokenBackMs;
    for (const [connection, toldMs] of this.#told) {
      if (toldMs > lateMs) return;
      this.#told.delete(connection);
      this.#atOnce = Math.max(leastAtOnce, this.#atOnce - 1);
    }
  }

  #waitForLate(): void {
    if (this.#isWaiting) return;
    const [oldestMs = 0] = this.#told.values();
    const pauseMs = Math.max(1, oldestMs + lifetimes.wokenBackMs - this.#clock.monotonicMs());
    this.#isWaiting = true;
    this.#clock.sleep(pauseMs, this.#stop.signal).then(
      () => {
        this.#isWaiting = false;
        this.#goOn();
      },
      () => undefined,
    );
  }
}
