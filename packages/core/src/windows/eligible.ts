import { parseSelector, type Selectable, selects } from '../selector/index.ts';
import type { ChangePolicy, Period } from '../wire/change-policy.ts';
import { isPassed, type Urgency } from '../wire/passing.ts';
import { type Timeline, timelineOf } from './timeline.ts';

/** Whether a change may begin at a moment. Times are milliseconds since 1970. */
export type Eligibility =
  /** `untilMs`: when that ends, as far as is known; null: it does not. */
  | { readonly kind: 'open'; readonly untilMs: number | null }
  /** `name` of the freeze, or of the window that comes next; `nextMs`: when a change may begin, null: not in the next years. */
  | {
      readonly kind: 'outside' | 'frozen';
      readonly name: string | null;
      readonly nextMs: number | null;
    };

/** The moments of one host. */
export interface Moments {
  /** Pure: the same moment gives the same answer. @throws XylemError E_WINDOW_INVALID */
  eligible(urgency: Urgency, nowMs: number): Eligibility;
  /** What holds whatever passes nothing: its windows together, each freeze by itself. Pure. @throws XylemError E_WINDOW_INVALID */
  holding(nowMs: number): Holding[];
}

/** `untilMs`: when that ends; null: not in the next years. */
export interface Holding {
  readonly kind: 'windows' | 'freezes';
  /** Of the freeze, or of the window that comes next. */
  readonly name: string | null;
  readonly untilMs: number | null;
}

/** A leap day is eight years from the next at most. */
const horizonMs = 9 * 366 * 86_400_000;
/** Windows that freezes swallow one after the other. */
const mostSteps = 400;

/**
 * The windows and freezes that a policy has for a host. A host that no window selects may change at any moment; several
 * windows add up; a freeze wins over every window. @throws XylemError E_WINDOW_INVALID
 */
export function momentsOf(policy: ChangePolicy, host: Selectable): Moments {
  const own = (periods: readonly Period[] | undefined): Period[] =>
    (periods ?? []).filter(({ where }) => where === undefined || selects(parseSelector(where), host));
  const windows = own(policy.windows).map((period) => timelineOf(period, false));
  const freezes = own(policy.freezes).map((period) => timelineOf(period, true));
  const binding = (urgency: Urgency): Bound => ({
    windows: isPassed(urgency, { kind: 'windows' }) ? [] : windows,
    freezes: freezes.filter(({ period: { name } }) => !isPassed(urgency, { kind: 'freezes', name }, policy)),
  });
  return {
    eligible: (urgency, nowMs) => {
      const bound = binding(urgency);
      const found = lookAt(bound, nowMs);
      if (found.kind === 'open') return found;
      const { kind, name } = found;
      return { kind, name, nextMs: nextOpening(bound, nowMs) };
    },
    holding: (nowMs) => {
      const outside = lookAt({ windows, freezes: [] }, nowMs);
      return [
        ...(outside.kind === 'open'
          ? []
          : [{ kind: 'windows' as const, name: outside.name, untilMs: outside.changesMs }]),
        ...freezes.flatMap((one): Holding[] => {
          const { covers } = one.at(nowMs);
          return covers === null ? [] : [{ kind: 'freezes', name: one.period.name, untilMs: covers.endMs }];
        }),
      ];
    },
  };
}

type Bound = { readonly windows: readonly Timeline[]; readonly freezes: readonly Timeline[] };
type Found =
  | { readonly kind: 'open'; readonly untilMs: number | null }
  | { readonly kind: 'outside' | 'frozen'; readonly name: string | null; readonly changesMs: number | null };

function lookAt({ windows, freezes }: Bound, nowMs: number): Found {
  const frozen = freezes.map((one) => ({ one, ...one.at(nowMs) }));
  const freeze = latest(
    frozen.filter(({ covers }) => covers !== null),
    ({ covers }) => covers?.endMs,
  );
  if (freeze !== null)
    return { kind: 'frozen', name: freeze.one.period.name, changesMs: freeze.covers?.endMs ?? null };
  const opened = windows.map((one) => ({ one, ...one.at(nowMs) }));
  const window = latest(
    opened.filter(({ covers }) => covers !== null),
    ({ covers }) => covers?.endMs,
  );
  if (windows.length > 0 && window === null) {
    const next = earliest(opened, (entry) => entry.next?.startMs);
    return { kind: 'outside', name: next?.one.period.name ?? null, changesMs: next?.next?.startMs ?? null };
  }
  const ends = [window?.covers?.endMs, ...frozen.map(({ next }) => next?.startMs)].flatMap((ms) => ms ?? []);
  return { kind: 'open', untilMs: ends.length === 0 ? null : Math.min(...ends) };
}

/** From one end or beginning to the next, until nothing is in the way. */
function nextOpening(bound: Bound, nowMs: number): number | null {
  let atMs = nowMs;
  for (let step = 0; step < mostSteps; step += 1) {
    const found = lookAt(bound, atMs);
    if (found.kind === 'open') return atMs;
    if (found.changesMs === null || found.changesMs > nowMs + horizonMs) return null;
    atMs = found.changesMs;
  }
  return null;
}

function latest<T>(of: readonly T[], ms: (one: T) => number | undefined): T | null {
  return of.reduce<T | null>((a, b) => (a === null || (ms(b) ?? 0) > (ms(a) ?? 0) ? b : a), null);
}

function earliest<T>(of: readonly T[], ms: (one: T) => number | undefined): T | null {
  const known = of.filter((one) => ms(one) !== undefined);
  return known.reduce<T | null>((a, b) => (a === null || (ms(b) ?? 0) < (ms(a) ?? 0) ? b : a), null);
}
