import { timeOf } from '../time.ts';
import { isAdmitted } from './counts.ts';
import type { CanaryState, Verdict } from './deployment.ts';
import {
  type BlueGreenStrategy,
  type GroupsState,
  isApplied,
  isTurnedOver,
  missingBalancers,
  missingIn,
  servingIn,
  type TrafficEvidence,
} from './groups.ts';
import type { Judged } from './judged.ts';
import { isBaking } from './standing.ts';
import type { Turn } from './turns.ts';
import { hosts as hostsText } from './words.ts';

/** What is known at one moment of a deployment over two groups. */
export interface GroupLook {
  readonly strategy: BlueGreenStrategy;
  readonly groups: GroupsState;
  readonly canary: CanaryState;
  /** The hosts that the phase is about. */
  readonly own: readonly Turn[];
  readonly said: Judged;
  readonly now: number;
  readonly traffic: TrafficEvidence | undefined;
}

/** What is to be done next. `wait` admits nobody, `stay` whose turn it is; `fail` gives traffic back first where it was moved. */
export interface Intent {
  readonly kind: 'wait' | 'stay' | 'ask' | 'switch' | 'watching' | 'kept' | 'second' | 'fail' | 'end';
  readonly reason: string;
  readonly verdict: Verdict;
}

export function intentOf(look: GroupLook): Intent {
  const { groups, said, traffic } = look;
  if (said.outcome === 'fail' && (traffic !== undefined || !isTurnedOver(groups)))
    return { kind: 'fail', reason: said.reason, verdict: 'fail' };
  if (traffic === undefined || traffic.serving !== servingIn(groups)) {
    const found =
      traffic === undefined
        ? missingBalancers(traffic)
        : `Traffic goes to ${traffic.serving} by somebody else's word, and to ${servingIn(groups)} by this deployment's.`;
    return {
      kind: 'ask',
      reason: `${found} Put that right and go on (xylem deployment resume), or go back (xylem rollback).`,
      verdict: 'no data',
    };
  }
  switch (groups.phase) {
    case 'idle':
      return idle(look);
    case 'switching':
      return switching(look);
    case 'watching':
      return watching(look);
    case 'kept':
      return kept(look);
    default:
      return second(look);
  }
}

/** When time alone makes something follow, milliseconds since 1970. */
export function dueOf(groups: GroupsState, strategy: BlueGreenStrategy): number[] {
  const kept = keptUntil(groups, strategy);
  return [kept, kept + strategy.switchSeconds * 1000];
}

/** From when on balancers are waited for: in `kept` from its end. */
const keptUntil = ({ phase, since }: GroupsState, { keepSeconds }: BlueGreenStrategy): number =>
  since + (phase === 'kept' ? keepSeconds * 1000 : 0);

/** Nobody is left to admit. */
const isFull = ({ own }: GroupLook): boolean => own.every(({ host }) => isAdmitted(host));

const stay = ({ said }: GroupLook, reason = said.reason): Intent => ({
  kind: 'stay',
  reason,
  verdict: said.verdict,
});

/** Asks where the strategy does so, else waits. */
function asking({ strategy }: GroupLook, reason: string, verdict: Verdict): Intent {
  return strategy.onNoData === 'ask'
    ? {
        kind: 'ask',
        reason: `${reason} Then go on (xylem deployment resume), or go back (xylem rollback).`,
        verdict,
      }
    : { kind: 'stay', reason, verdict };
}

/** What is wrong with its hosts is asked together with who is missing: to go on is to go on without them. */
function askingHosts(look: GroupLook): Intent {
  const { said, traffic } = look;
  const missing = isApplied(traffic) ? '' : ` ${missingBalancers(traffic)}`;
  return { ...stay(look, said.reason + missing), kind: 'ask' };
}

/** Balancers that may still send requests to hosts that are to be updated next. */
function unsettled(look: GroupLook): Intent | null {
  const { groups, strategy, traffic, canary, now } = look;
  if (isApplied(traffic) || canary.asked === 'waived') return null;
  const { without = 0 } = groups;
  if (traffic !== undefined && without > 0 && missingIn(traffic) <= without) return null;
  const reason = `${missingBalancers(traffic)} No host is updated before they have.`;
  if (now - keptUntil(groups, strategy) < strategy.switchSeconds * 1000 || strategy.onNoData === 'wait')
    return { kind: 'wait', reason, verdict: 'no data' };
  return asking(look, `${reason} ${balancersAdvice}`, 'no data');
}

const balancersAdvice =
  'Look at them (xylem traffic show); one that is gone is retired (xylem host retire), or left out of this deployment (xylem deployment skip).';

function idle(look: GroupLook): Intent {
  const { said, own, groups, strategy, now } = look;
  const waits = isFull(look) ? null : unsettled(look);
  if (waits !== null) return waits;
  if (said.outcome === 'ask') return askingHosts(look);
  if (said.outcome !== 'pass') return stay(look);
  const missing = own.filter(({ host, standing }) => standing !== 'done' || isBaking(strategy, host, now));
  if (missing.length > 0)
    return asking(
      look,
      `${said.reason} ${hostsText(missing.length)} of ${groups.idle} ${missing.length === 1 ? 'is' : 'are'} not well with it, and traffic goes to no group with such a host. Repair what is wrong there, or pin or retire the host.`,
      'inconclusive',
    );
  return { kind: 'switch', reason: said.reason, verdict: 'pass' };
}

function switching(look: GroupLook): Intent {
  const { strategy, groups, traffic, canary, now, said } = look;
  if (isApplied(traffic) || canary.asked === 'waived')
    return {
      kind: 'watching',
      reason: `${traffic?.applied ?? 0} of ${traffic?.of ?? 0} balancers have reported it.`,
      verdict: said.verdict,
    };
  const missing = missingBalancers(traffic);
  if (now - groups.since < strategy.switchSeconds * 1000) return stay(look, missing);
  const reason = `No data: after ${strategy.switchSeconds} seconds still: ${missing}`;
  return strategy.onNoData === 'ask'
    ? asking(look, `${reason} ${balancersAdvice}`, 'no data')
    : { kind: 'fail', reason, verdict: 'no data' };
}

function watching(look: GroupLook): Intent {
  const { said, strategy, canary } = look;
  const compared = (strategy.metrics ?? []).filter(({ test }) => test.kind === 'controls');
  const silent =
    compared.length === 0
      ? ''
      : ` Without a limit there is nothing to hold against it, since no host without the release has traffic: ${compared.map(({ name }) => name).join(', ')}.`;
  const reason = said.reason + silent;
  if (said.outcome === 'ask') return { ...stay(look, reason), kind: 'ask' };
  if (said.outcome !== 'pass') return stay(look, reason);
  const isUnknown = compared.length > 0 && compared.length === strategy.metrics?.length;
  if (isUnknown && canary.asked !== 'waived')
    return asking(look, `No data: ${reason} Look at the figures.`, 'no data');
  return { kind: 'kept', reason, verdict: 'pass' };
}

function kept(look: GroupLook): Intent {
  const { said, strategy, groups, now } = look;
  const until = keptUntil(groups, strategy);
  if (now < until)
    return stay(look, `${said.reason} ${groups.serving} is kept as it was until ${timeOf(until)}.`);
  if (said.outcome === 'ask') return askingHosts(look);
  if (said.outcome !== 'pass') return stay(look);
  // Until then a failure gives traffic back in one step.
  const waits = unsettled(look);
  if (waits !== null) return waits;
  return { kind: 'second', reason: said.reason, verdict: 'pass' };
}

function second(look: GroupLook): Intent {
  const { said, groups } = look;
  const waits = isFull(look) ? null : unsettled(look);
  if (waits !== null) return waits;
  if (said.outcome === 'ask') return askingHosts(look);
  if (said.outcome !== 'pass') return stay(look);
  const reason = `${said.reason} ${groups.idle} has the traffic; the next update begins with ${groups.serving}.`;
  return { kind: 'end', reason, verdict: 'pass' };
}
