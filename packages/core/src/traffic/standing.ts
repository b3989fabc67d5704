import type { Config } from '../direction/config.ts';
import { configDigest } from '../direction/sealed.ts';
import type { Digest, HostId } from '../ids.ts';

/** A host with the component that switches. */
export interface Balancer {
  readonly host: HostId;
  readonly name: string;
  /** What direction gives it as configuration of the component; null: it has the component and should not. */
  readonly given: Config | null;
  /** Of its newest report; null: none has come. */
  readonly reported: {
    /** With which it committed the component; null: it does not say, or has not committed it. */
    readonly config: Digest | null;
    /** Of the desired state that it had accepted. */
    readonly direction: number;
  } | null;
  readonly silent: boolean;
  /** When its newest report came, milliseconds since 1970; null: none has. */
  readonly heardMs: number | null;
  /** What it says holds the component up; null: nothing. */
  readonly why: string | null;
}

export interface Behind {
  readonly host: HostId;
  readonly name: string;
  readonly reported: Digest | null;
  readonly silent: boolean;
  readonly heardMs: number | null;
  readonly why: string | null;
}

/** Whether the balancers send traffic where it should go. */
export interface TrafficStanding {
  readonly serving: string;
  /** How often it was switched. */
  readonly number: number;
  readonly applied: readonly HostId[];
  readonly behind: readonly Behind[];
}

/**
 * Who has applied that `serving` serves, by what hosts have signed: the configuration that was committed is the one that
 * direction gives with this group, and the host had heard of the switch. Both, for a host that was switched there and
 * back has the former configuration also while the first word is still on its way to it. Pure.
 * @param switched.directed the number of the first desired state that says it; null: none does yet
 */
export function trafficStanding(
  switched: {
    readonly key: string;
    readonly serving: string;
    readonly number: number;
    readonly directed: number | null;
  },
  balancers: readonly Balancer[],
): TrafficStanding {
  const { key, serving, number, directed } = switched;
  const applied: HostId[] = [];
  const behind: Behind[] = [];
  for (const { host, name, given, reported, silent, heardMs, why } of balancers) {
    const config = reported?.config ?? null;
    const hasHeard = directed !== null && reported !== null && reported.direction >= directed;
    const isApplied = hasHeard && given !== null && config === configDigest({ ...given, [key]: serving });
    if (isApplied) applied.push(host);
    else behind.push({ host, name, reported: config, silent, heardMs, why });
  }
  return { serving, number, applied, behind };
}

/** Which balancers report that they send traffic to which group, by the configuration that each would have then. Pure. */
export function reportedGroups(
  { key, groups }: { readonly key: string; readonly groups: readonly string[] },
  balancers: readonly Balancer[],
): ReadonlyMap<string, readonly Balancer[]> {
  const reports = (group: string, { given, reported }: Balancer): boolean =>
    given !== null && reported !== null && reported.config === configDigest({ ...given, [key]: group });
  return new Map(groups.map((group) => [group, balancers.filter((one) => reports(group, one))]));
}

/** Whether traffic goes where it should: with no balancer at all nothing does. */
export const isSwitched = ({ applied, behind }: TrafficStanding): boolean =>
  applied.length > 0 && behind.length === 0;
