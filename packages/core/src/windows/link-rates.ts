import { type LinkRates, strictestRates } from '../links/rates.ts';
import type { LinkLimit, LinkTimes } from '../wire/link-limit.ts';
import { weekdays } from '../wire/link-limit.ts';
import { type Timeline, timelineOf } from './timeline.ts';

/**
 * The rates of a node at a moment (milliseconds since 1970): of all limits in force the strictest. A limit whose times
 * can't be evaluated is in force at any time. Pure: the same moment gives the same answer.
 */
export function linkRates(limits: readonly LinkLimit[]): (nowMs: number) => LinkRates {
  const timed = limits.map((limit) => ({ limit, isInForce: forceOf(limit.times) }));
  return (nowMs) =>
    strictestRates(timed.flatMap(({ limit, isInForce }) => (isInForce(nowMs) ? [limit] : [])));
}

/** Why the times of a limit can't be evaluated; null: they can. */
export function linkTimesFault(times: LinkTimes): string | null {
  try {
    lineOf(times).at(Date.UTC(2024, 0, 1));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A Monday, from which weeks are counted. */
const firstDay = '2024-01-01';

/** @throws XylemError E_WINDOW_INVALID */
function lineOf({ from, to, zone, days = weekdays }: LinkTimes): Timeline {
  const rule = `FREQ=WEEKLY;BYDAY=${days.join(',').toUpperCase()}`;
  // As freezes are: what begins at a time that the clock passes over begins later, and is not left out.
  return timelineOf({ name: 'limit', zone, start: `${firstDay}T${from}`, until: to, rule }, true);
}

/** When a limit is in force. */
function forceOf(times: LinkTimes | undefined): (nowMs: number) => boolean {
  if (times === undefined) return () => true;
  let line: Timeline | null = null;
  return (nowMs) => {
    try {
      line ??= lineOf(times);
      return line.at(nowMs).covers !== null;
    } catch {
      return true;
    }
  };
}
