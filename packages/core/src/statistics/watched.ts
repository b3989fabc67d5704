import type { FailureEvent } from './failures.ts';

/** What is known of one host; times in milliseconds since 1970. */
export interface WatchedHost {
  readonly host: string;
  /** Hosts are compared only within theirs: a site, a tenant. */
  readonly stratum: string;
  /** Null: it was never watched as a control. */
  readonly control: Watch | null;
  /** From its admission on, whether or not it has reported since. Null: not admitted yet. */
  readonly exposed: Watch | null;
}

export interface Watch {
  readonly from: number;
  /** When its silence would have been noticed: the end of its bake and the patience after it. Null: it has no end. */
  readonly until: number | null;
  /** The first outcome, and when it became known; `leave` where it is watched no longer without one. Null: none yet. */
  readonly end: { readonly at: number; readonly kind: 'failed' | 'silent' | 'ok' | 'leave' } | null;
}

/**
 * The events that hosts give up to `now`, each host at most once in each arm. A control that is admitted leaves the
 * controls at that moment; one that had failed before is not counted as exposed: it would bring its old fault with it.
 * @throws {RangeError} on a host that is given twice
 */
export function failureEvents(hosts: readonly WatchedHost[], now: number): FailureEvent[] {
  const seen = new Set<string>();
  return hosts.flatMap(({ host, stratum, control, exposed }) => {
    if (seen.has(host)) throw new RangeError(`${host} is given twice`);
    seen.add(host);
    const controlled = control === null ? [] : eventsOf(control, exposed?.from ?? null);
    const failedBefore = controlled.some(({ kind }) => kind === 'failed' || kind === 'silent');
    return [
      ...controlled.map((event) => ({ ...event, host, stratum, arm: 'control' as const })),
      ...(exposed === null || failedBefore ? [] : eventsOf(exposed, null)).map((event) => ({
        ...event,
        host,
        stratum,
        arm: 'exposed' as const,
      })),
    ].filter(({ at }) => at <= now);
  });
}

type Moment = Pick<FailureEvent, 'at' | 'kind'>;

/** @param cut when it goes over to the other arm */
function eventsOf({ from, until, end }: Watch, cut: number | null): Moment[] {
  if (cut !== null && from >= cut) return [];
  const events: Moment[] = [{ at: from, kind: 'enter' }];
  // What ends in the moment in which it began has been watched for no time.
  if (end !== null) events.push({ at: Math.max(end.at, from + 1), kind: end.kind });
  if (end?.kind === 'ok' && until !== null)
    events.push({ at: Math.max(until, end.at, from + 1), kind: 'baked' });
  if (cut === null) return events;
  const within = events.filter(({ at }) => at <= cut);
  const out = within.some(({ kind }) => kind !== 'enter' && kind !== 'ok');
  return out ? within : [...within, { at: cut, kind: within.length > 1 ? 'baked' : 'leave' }];
}
