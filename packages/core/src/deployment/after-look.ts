import type { HostId } from '../ids.ts';
import { compareOnHosts, type HostsBefore, type HostWord } from '../verification/on-hosts.ts';
import type { ProbeResult } from '../verification/probe.ts';
import { type AfterLook, type AfterSeen, type AfterWatch, lookAfter } from './after.ts';
import type { AdvancePolicy, Deployment, HostEvidence } from './deployment.ts';
import { isOffline, standingOf } from './standing.ts';
import { isEligible } from './turns.ts';

/** What is known of a host when a deployment that has succeeded is looked at. */
export interface AfterHost {
  readonly id: HostId;
  /** Absent: nothing of it says anything of the deployment. */
  readonly evidence?: HostEvidence;
  /** The probes that it is to ask, by their definitions, and what it says of probes; absent: it is to ask none. */
  readonly asks?: Omit<HostWord, 'host'> & { readonly of: readonly string[] };
}

/** All that a look at a deployment that has succeeded goes by, but for the watch and the time. */
export interface AfterEvidence {
  readonly deployment: Deployment;
  readonly policy: AdvancePolicy;
  readonly hosts: readonly AfterHost[];
  /** Where the probes that hosts ask passed when the deployment began. */
  readonly before: readonly HostsBefore[];
  /** Definitions of the probes that hosts ask now. */
  readonly asked: readonly string[];
  /** The last results of those that the root server asks. */
  readonly probes: readonly ProbeResult[];
  /** A deployment of the product that was started meanwhile; absent: none. */
  readonly newer?: string;
}

/** So many hosts are named. */
const mostNamed = 100;

/** What a look says, what it counted, and the first hosts that failed, in the order of their ids. */
export interface LookedAfter {
  readonly look: AfterLook;
  readonly seen: AfterSeen;
  readonly failed: readonly HostId[];
}

/** One look, by all that is known. Pure: the same in whatever order the hosts come. */
export function lookAfterBy(watch: AfterWatch, evidence: AfterEvidence, now: number): LookedAfter {
  const { seen, failed } = seenAfter(evidence, now);
  const { newer } = evidence;
  const look: AfterLook =
    newer === undefined
      ? lookAfter(watch, seen, now)
      : { kind: 'superseded', reason: `The watch ended: ${newer} was started meanwhile.` };
  return { look, seen, failed };
}

function seenAfter(
  { deployment, policy, hosts, before, asked, probes }: AfterEvidence,
  now: number,
): Pick<LookedAfter, 'seen' | 'failed'> {
  // A sentence names what the first that fails saw.
  const inOrder = [...hosts].sort((a, b) => (a.id < b.id ? -1 : 1));
  // One that is another since the deployment began is not compared.
  const compared = asked.flatMap((of) => {
    const words = inOrder.flatMap(({ id, asks }) => (asks?.of.includes(of) ? [{ host: id, ...asks }] : []));
    return before.filter((one) => one.of === of).map((one) => compareOnHosts(one, words));
  });
  const failing = new Set(compared.flatMap((one) => one.failing));
  const eligible = inOrder.flatMap(({ evidence }) =>
    evidence !== undefined && isEligible(evidence) ? [evidence] : [],
  );
  const unwell = eligible.filter(
    (host) => failing.has(host.id) || standingOf(deployment, host, now, policy) === 'failed',
  );
  const failed = new Set([...failing, ...unwell.map(({ id }) => id as string)]);
  const seen: AfterSeen = {
    eligible: eligible.length,
    failed: unwell.length,
    unheard: eligible.filter((host) => isOffline(host, now, policy)).length,
    ...(probes.length === 0 ? {} : { probes }),
    ...(compared.length === 0 ? {} : { onHosts: compared.map((one) => one.seen) }),
  };
  const named = inOrder.filter(({ id }) => failed.has(id));
  return { seen, failed: named.slice(0, mostNamed).map(({ id }) => id) };
}
