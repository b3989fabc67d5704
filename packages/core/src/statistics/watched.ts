import type { FailureEvent } from './failures.ts';

/** What is known of one host; times in milliseconds since 1970. */
export interface WatchedHost {
  readonly host: string;
  readonly stratum: string;
  /** From when it was watched as a control, and the moment it failed or fell silent as one. Null: never. */
  readonly control: { readonly from: number; readonly end: WatchEnd | null } | null;
  /** From when it was exposed: admitted, whether or not it has reported since. Null: not yet. */
  readonly exposed: { readonly from: number; readonly end: WatchEnd | null } | null;
}

/** How and when it became known; `leave` where it is watched no longer without an outcome. */
export interface WatchEnd {
  readonly at: number;
  readonly kind: 'failed' | 'silent' | 'ok' | 'leave';
}

/**
 * The events that hosts give, each host at most once in each arm. A control that is admitted leaves the controls at that
 * moment; one that had failed before is not counted as exposed: it would bring its old fault with it.
 * @throws {RangeError} on a host that is given twice
 */
export function failureEvents(hosts: readonly WatchedHost[]): FailureEvent[] {
  const seen = new Set<string>();
  return hosts.flatMap(({ host, stratum, control, exposed }) => {
    if (seen.has(host)) throw new RangeError(`${host} is given twice`);
    seen.add(host);
    const events: FailureEvent[] = [];
    const add = (arm: FailureEvent['arm'], from: number, end: WatchEnd | null): void => {
      events.push({ at: from, host, stratum, arm, kind: 'enter' });
      // What ends in the moment in which it began has been watched for no time.
      if (end !== null) events.push({ at: Math.max(end.at, from + 1), host, stratum, arm, kind: end.kind });
    };
    let failedBefore = false;
    if (control !== null && (exposed === null || control.from < exposed.from)) {
      const within = control.end !== null && (exposed === null || control.end.at <= exposed.from);
      const end = within
        ? control.end
        : exposed === null
          ? null
          : { at: exposed.from, kind: 'leave' as const };
      failedBefore = end !== null && (end.kind === 'failed' || end.kind === 'silent');
      add('control', control.from, end);
    }
    if (exposed !== null && !failedBefore) add('exposed', exposed.from, exposed.end);
    return events;
  });
}
