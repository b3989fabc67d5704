declare const brand: unique symbol;

/** RFC 3339, UTC, whole seconds: `2026-11-21T03:28:06Z`. */
export type Time = string & { readonly [brand]: 'Time' };

/** Milliseconds since 1970 as a time; the fraction of the second is dropped. */
export function timeOf(ms: number): Time {
  return `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z` as Time;
}

/** A time as milliseconds since 1970. */
export function timeMs(time: Time): number {
  return Date.parse(time);
}
