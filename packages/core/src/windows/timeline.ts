import { RRuleTemporal } from 'rrule-temporal';
import { XylemError } from '../errors.ts';
import type { Period } from '../wire/change-policy.ts';

/** One opening of a window, or one freeze; milliseconds since 1970, the end is not part of it. */
export interface Occurrence {
  readonly startMs: number;
  readonly endMs: number;
}

/** A period that ends by the clock: `until` on the day of its start, or where that is not after it on the next. */
export interface ClockPeriod extends Period {
  readonly until?: string;
}

/** A period as it lies on the line of time. */
export interface Timeline {
  readonly period: Period;
  /** What covers a moment, and the first that begins after it. @throws XylemError E_WINDOW_INVALID */
  at(nowMs: number): { readonly covers: Occurrence | null; readonly next: Occurrence | null };
}

type Moment = NonNullable<ReturnType<RRuleTemporal['next']>>;

/** A rule that finds nothing is given up by these; each step takes microseconds. */
const bounds = { maxIterations: 3_000, maxCandidateEvaluations: 30_000 } as const;
/** No zone puts its clock back by more. */
const clockLeapMs = 3 * 3_600_000;

/**
 * By RFC 5545: a rule counts in the clock time of its zone, days of a duration are days of the calendar, its hours are
 * exact. A clock time that comes twice is the first of both. One that does not come is left out of a rule for a window;
 * a freeze, and what happens once, begins when the clock has been put forward: a freeze must not be lost by it.
 *
 * @throws XylemError E_WINDOW_INVALID for a zone or rule that can't be evaluated
 */
export function timelineOf(period: ClockPeriod, isFreeze: boolean): Timeline {
  const rule = evaluated(period, () => countedRule(period, isFreeze || period.rule === undefined));
  let known: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly found: ReturnType<Timeline['at']>;
  } | null = null;
  return {
    period,
    at: (nowMs) => {
      if (known !== null && known.fromMs <= nowMs && nowMs < known.toMs) return known.found;
      const found = evaluated(period, () => lookAt(rule, period, nowMs));
      const toMs = Math.min(
        found.covers?.endMs ?? Number.POSITIVE_INFINITY,
        found.next?.startMs ?? Number.POSITIVE_INFINITY,
      );
      known = { fromMs: nowMs, toMs, found };
      return found;
    },
  };
}

/** A rule, and the time that it counts in: the line of time itself, or clock time written as if it were UTC. */
interface CountedRule {
  readonly rule: RRuleTemporal;
  /** What the rule's moment is in the zone. */
  readonly inZone: (moment: Moment) => Moment;
  /** A moment by which all that has begun at `nowMs` has begun for the rule too, in its time. */
  readonly noEarlierMs: (nowMs: number) => number;
}

function countedRule({ zone, start, rule = 'FREQ=DAILY;COUNT=1' }: Period, isByClock: boolean): CountedRule {
  const made = (tzid: string): RRuleTemporal =>
    new RRuleTemporal({
      rruleString: `DTSTART;TZID=${tzid}:${start.replace(/[-:]/g, '')}00\nRRULE:${rule}`,
      strict: true,
      cache: false,
      ...bounds,
    });
  const own = made(zone);
  if (!isByClock) return { rule: own, inZone: (moment) => moment, noEarlierMs: (nowMs) => nowMs };
  const counted = made('UTC');
  const some = own.options().dtstart;
  return {
    rule: counted,
    inZone: (moment) => moment.toPlainDateTime().toZonedDateTime(zone),
    noEarlierMs: (nowMs) => {
      const now = some.add({ milliseconds: nowMs - some.epochMilliseconds });
      return now.toPlainDateTime().toZonedDateTime('UTC').epochMilliseconds + clockLeapMs;
    },
  };
}

function lookAt(
  { rule, inZone, noEarlierMs }: CountedRule,
  period: ClockPeriod,
  nowMs: number,
): ReturnType<Timeline['at']> {
  const occurrence = (found: Moment): Occurrence => {
    const start = inZone(found);
    return { startMs: start.epochMilliseconds, endMs: endOf(period, start, found) };
  };
  const latestMs = noEarlierMs(nowMs);
  const following = (): Occurrence | null => {
    const later = rule.next(new Date(latestMs), false);
    return later === null ? null : occurrence(later);
  };
  let next: Occurrence | null = null;
  let found = rule.previous(new Date(latestMs), true);
  while (found !== null) {
    const one = occurrence(found);
    if (one.startMs <= nowMs) {
      next ??= following();
      return { covers: one.endMs > nowMs ? one : null, next };
    }
    next = one;
    found = rule.previous(new Date(found.epochMilliseconds - 1), true);
  }
  return { covers: null, next: next ?? following() };
}

function endOf(
  { duration = '', end, until, start: first, zone }: ClockPeriod,
  start: Moment,
  counted: Moment,
): number {
  if (until !== undefined) {
    const day = counted.toPlainDate().add({ days: until > first.slice(11) ? 0 : 1 });
    return day.toPlainDateTime(until).toZonedDateTime(zone).epochMilliseconds;
  }
  if (end !== undefined) return firstOf({ name: '', zone, start: end }).epochMilliseconds;
  const [, weeks, days, hours, minutes] =
    /^P(?:(\d+)W)?(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?$/.exec(duration) ?? [];
  const number = (text: string | undefined): number => Number(text ?? 0);
  return start
    .add({ days: number(weeks) * 7 + number(days) })
    .add({ hours: number(hours), minutes: number(minutes) }).epochMilliseconds;
}

/** A clock time in its zone. */
function firstOf(once: Period): Moment {
  const { rule, inZone } = countedRule(once, true);
  return inZone(rule.options().dtstart);
}

/** @throws XylemError E_WINDOW_INVALID with what the library says */
function evaluated<T>({ name, zone }: Period, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (cause instanceof XylemError) throw cause;
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new XylemError(
      'E_WINDOW_INVALID',
      `The period ${name} (${zone}) can't be evaluated: ${said.slice(0, 300)}.`,
      {
        cause,
      },
    );
  }
}
