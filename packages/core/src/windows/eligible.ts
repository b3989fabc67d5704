import { parseSelector, type Selectable, selects } from '../selector/index.ts';
import type { ChangePolicy, Period } from '../wire/change-policy.ts';
import type { Assignment } from '../wire/desired-state.ts';
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

/** What an assignment says of it. */
export type Urgency = Pick<Assignment, 'urgent' | 'passes'>;

/** The moments of one host. */
export interface Moments {
  /** Pure: the same moment gives the same answer. @throws XylemError E_WINDOW_INVALID */
  eligible(urgency: Urgency, nowMs: number): Eligibility;
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
  const binding = ({ urgent = false, passes = [] }: Urgency): Bound => ({
    windows: urgent ? [] : windows,
    freezes: urgent && (policy.urgentPassesFreezes === true || passes.includes('freezes')) ? [] : freezes,
  });
  return {
    eligible: (urgency, nowMs) => {
      const bound = binding(urgency);
      const found = lookAt(bound, nowMs);
      if (found.kind === 'open') return found;
      const { kind, name } = found;
      return { kind, name, nextMs: nextOpening(bound, nowMs) };
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
