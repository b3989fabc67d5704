import type { Clock } from '@xylem/platform';

interface Sleeper {
  readonly atMs: number;
  wake(): void;
}

/** Virtual time: nothing passes until a test says so. */
export interface TestClock extends Clock {
  /** Lets so much time pass; sleepers wake in the order of their moments, and what they do runs before the next one. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock, as an operator or NTP would; durations do not notice. */
  leapTo(epochMs: number): void;
  /** How many sleep now. */
  sleepers(): number;
}

export function testClock(startMs = Date.UTC(2026, 10, 21, 3, 28, 6)): TestClock {
  let passedMs = 0;
  let offsetMs = startMs;
  const sleeping = new Set<Sleeper>();
  const settle = async (): Promise<void> => {
    // Promise chains, and work that goes through the event loop once or twice.
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    now: () => offsetMs + passedMs,
    monotonicMs: () => passedMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason);
          return;
        }
        const onAbort = (): void => {
          sleeping.delete(sleeper);
          reject(signal?.reason);
        };
        const sleeper: Sleeper = {
          atMs: passedMs + Math.max(0, ms),
          wake: () => {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        sleeping.add(sleeper);
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    advance: async (ms) => {
      const endMs = passedMs + ms;
      await settle();
      for (;;) {
        const due = [...sleeping].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (due === undefined) break;
        passedMs = Math.max(passedMs, due.atMs);
        sleeping.delete(due);
        due.wake();
        await settle();
      }
      passedMs = endMs;
      await settle();
    },
    leapTo: (epochMs) => {
      offsetMs = epochMs - passedMs;
    },
    sleepers: () => sleeping.size,
  };
}
