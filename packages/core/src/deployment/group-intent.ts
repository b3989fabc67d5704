import { timeOf } from '../time.ts';
import { isAdmitted } from './counts.ts';
import type { AdvancePolicy, CanaryState, DeploymentKind, HostEvidence, Verdict } from './deployment.ts';
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
import { isBaking, isOffline } from './standing.ts';
import type { Turn } from './turns.ts';
import { hosts as hostsText } from './words.ts';

/** What is known at one moment of a deployment over two groups. */
export interface GroupLook {
  readonly kind: DeploymentKind;
  readonly strategy: BlueGreenStrategy;
  readonly groups: GroupsState;
  readonly canary: CanaryState;
  /** The hosts that the phase is about. */
  readonly own: readonly Turn[];
  readonly said: Judged;
  readonly now: number;
  readonly policy: AdvancePolicy;
  readonly traffic: TrafficEvidence | undefined;
}

/** What is to be done next. `wait` admits nobody, `stay` whose turn it is; `fail` gives traffic back first where it was moved. */
export interface Intent {
  readonly kind: 'wait' | 'stay' | 'ask' | 'switch' | 'watching' | 'kept' | 'second' | 'fail' | 'end';
  readonly reason: string;
  readonly verdict: Verdict;
  /** How many balancers a person said to go on without. */
  readonly without?: number;
}

export function intentOf(look: GroupLook): Intent {
  const { kind, groups, said, traffic } = look;
  const isBack = kind === 'rollback';
  const mayFail = isBack ? groups.phase === 'second' : traffic !== undefined || !isTurnedOver(groups);
  if (said.outcome === 'fail' && mayFail) return { kind: 'fail', reason: said.reason, verdict: 'fail' };
  if (traffic === undefined || traffic.serving !== servingIn(groups)) {
    const found =
      traffic === undefined
        ? missingBalancers(traffic)
        : `Traffic goes to ${traffic.serving} by somebody else's word, and to ${servingIn(groups)} by this deployment's.`;
    return { kind: 'ask', reason: `${found} Put that right. ${waysOn(look)}`, verdict: 'no data' };
  }
  switch (groups.phase) {
    case 'idle':
      return isBack ? idleBack(look) : idle(look);
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
function asking(look: GroupLook, reason: string, verdict: Verdict): Intent {
  return look.strategy.onNoData === 'ask'
    ? { kind: 'ask', reason: `${reason} ${waysOn(look)}`, verdict }
    : { kind: 'stay', reason, verdict };
}

const waysOn = ({ kind }: GroupLook): string =>
  kind === 'rollback'
    ? 'Then go on (xylem deployment resume).'
    : 'Then go on (xylem deployment resume), or go back (xylem rollback).';

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
      `${said.reason} ${hostsText(missing.length)} of ${groups.idle} ${missing.length === 1 ? 'is' : 'are'} not well with it, and traffic goes to no group with such a host. Repair what is wrong there, or skip, pin or retire the host.`,
      'inconclusive',
    );
  return { kind: 'switch', reason: said.reason, verdict: 'pass' };
}

/** What it said before it was admitted may be older than what it was told to do by the deployment that is taken back. */
const hasAnswered = ({ lastReport, admittedAt }: HostEvidence): boolean =>
  admittedAt !== null && (lastReport ?? 0) > admittedAt;

/**
 * Of a way back: as soon as the group without traffic runs what it ran. What is not well there is asked about, for the
 * other group may be worse: a person may bring traffic to those that are well.
 */
function idleBack(look: GroupLook): Intent {
  const { groups, own, canary, traffic, now, policy } = look;
  const waits = isFull(look) ? null : unsettled(look);
  if (waits !== null) return waits;
  const isWell = ({ host, standing }: Turn): boolean => standing === 'done' && hasAnswered(host);
  const mayCome = own.filter((turn) => {
    const { host, standing } = turn;
    if (!isAdmitted(host) || standing === 'waiting')
      return standing === 'done' || !isOffline(host, now, policy);
    const patient = now - (host.admittedAt ?? 0) <= policy.silentAfterMs;
    return standing === 'updating' || (standing === 'done' && !isWell(turn) && patient);
  });
  // What a person said before all had come was about balancers.
  const without = traffic === undefined ? 0 : missingIn(traffic);
  if (mayCome.length > 0) return canary.asked === 'waived' ? { ...stay(look), without } : stay(look);
  const well = own.filter(isWell).length;
  const ill = own.length - well;
  const counts = `${well} of ${hostsText(own.length)} of ${groups.idle} ${well === 1 ? 'runs' : 'run'} it and are well.`;
  if (well > 0 && (ill === 0 || canary.asked === 'waived'))
    return { kind: 'switch', reason: counts, verdict: 'pass' };
  const rest =
    well === 0
      ? 'Traffic goes to no group without such a host: repair one.'
      : `Repair the others, or skip, pin or retire them; to go on brings traffic to ${groups.idle} as it is.`;
  return asking(look, `${counts} ${rest}`, 'inconclusive');
}

function switching(look: GroupLook): Intent {
  const { kind, strategy, groups, traffic, canary, now, said } = look;
  if (isApplied(traffic) || canary.asked === 'waived') {
    const reason = `${traffic?.applied ?? 0} of ${traffic?.of ?? 0} balancers have reported it.`;
    return kind === 'rollback'
      ? { kind: 'second', reason, verdict: said.verdict, ...withoutOf(look) }
      : { kind: 'watching', reason, verdict: said.verdict };
  }
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
  return { kind: 'second', reason: said.reason, verdict: 'pass', ...withoutOf(look) };
}

function withoutOf({ traffic }: GroupLook): Pick<Intent, 'without'> {
  return traffic === undefined || isApplied(traffic) ? {} : { without: missingIn(traffic) };
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
