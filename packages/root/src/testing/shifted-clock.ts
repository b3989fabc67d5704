import { type Clock, systemClock } from '@xylem/platform';

/** Real time at another hour. TLS keeps to the machine's own clock, so begin in the past rather than the future. */
export interface ShiftedClock extends Clock {
  /** So much more has passed, for the wall clock and for durations; who sleeps does not wake by it. */
  pass(ms: number): void;
}

export function shiftedClock(shiftMs: number): ShiftedClock {
  let passedMs = 0;
  return {
    now: () => systemClock.now() + shiftMs + passedMs,
    monotonicMs: () => systemClock.monotonicMs() + passedMs,
    sleep: systemClock.sleep,
    pass: (ms) => {
      passedMs += ms;
    },
  };
}
