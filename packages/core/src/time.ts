declare const brand: unique symbol;

/** RFC 3339, UTC, whole seconds: `2026-11-21T03:28:06Z`. */
export type Time = string & { readonly [brand]: 'Time' };

const pattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/** Whether `text` is such a time, of a day that exists. */
export function isTime(text: string): text is Time {
  if (!pattern.test(text)) return false;
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 19) === text.slice(0, 19);
}

/** Milliseconds since 1970 as a time; the fraction of the second is dropped. */
export function timeOf(ms: number): Time {
  return `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z` as Time;
}

/** A time as milliseconds since 1970. */
export function timeMs(time: Time): number {
  return Date.parse(time);
}
