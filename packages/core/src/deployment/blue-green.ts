import { admissions } from './admissions.ts';
import { canaryDecision } from './canary.ts';
import { countsOf } from './counts.ts';
import { courseOfGroups } from './course.ts';
import type {
  Advance,
  AdvancePolicy,
  CanaryState,
  Decision,
  Deployment,
  HostEvidence,
} from './deployment.ts';
import { initialThreshold } from './deployment.ts';
import { type Figures, figuresWanted, leftStep, lookDue, lookWanted, measured } from './figures.ts';
import { frozenBy, keptOut } from './freeze.ts';
import { dueOf, type GroupLook, type Intent, intentOf } from './group-intent.ts';
import { hostsOf, phaseText, quotaOf, turnsOf, withExposure } from './group-turns.ts';
import {
  type BlueGreenStrategy,
  type GroupsState,
  groupsAt,
  isTurnedOver,
  missingBalancers,
  returning,
  type TrafficEvidence,
} from './groups.ts';
import { judged } from './judged.ts';
import { begun, learn, withEvents } from './learn.ts';
import { inTurn, listed, progressOf, skippedOf, type Turns } from './turns.ts';
import { seenOfAdmitted } from './watching.ts';

/** All hosts are compared with all: one group is exposed, and the other is its controls. */
const oneStratum = (): string => '';

/**
 * The next decisions over two groups of hosts. It is judged like a canary, phase by phase, each by the hosts that it is
 * about.
 *
 * What it keeps: traffic is ordered to a group only when every eligible host of it is done and has baked; it is ordered
 * there once and back at most once; no host is admitted while hosts of the other group are updating. Paused it learns,
 * and neither admits nor switches nor ends; a freeze holds up what goes forward, never what goes back.
 */
export function advanceGroups(
  deployment: Deployment,
  strategy: BlueGreenStrategy,
  evidence: readonly HostEvidence[],
  now: number,
  policy: AdvancePolicy,
  figures?: Figures,
  traffic?: TrafficEvidence,
): Advance {
  const course = courseOfGroups(strategy);
  const groups = deployment.groups ?? groupsAt(strategy, traffic, now);
  const before = inTurn(deployment, evidence, now, policy);
  const skipped = skippedOf(evidence);
  if (groups === null) {
    const reason =
      traffic === undefined
        ? missingBalancers(traffic)
        : `Traffic goes to ${traffic.serving}, which is none of ${strategy.groups.join(' and ')}.`;
    const progress = progressOf(deployment, countsOf(course, before, now, policy), skipped);
    return { decisions: [], progress, verdict: 'no data', reason };
  }
  const known = deployment.canary ?? begun(now);
  const exposing = withExposure(before, groups, now);
  const learnt = learn(course, known, exposing, evidence, oneStratum, now, policy);
  const { marks, canary: seen } = learnt;
  const turns = listed(course, learnt.turns, now, policy);
  const own = listed(course, turnsOf(groups, learnt.turns), now, policy);
  const isWatching = groups.phase === 'watching';
  const { canary, fault } = isWatching
    ? measured(course, seen, own, oneStratum, figures, now)
    : { canary: seen, fault: null };
  // Where nobody sends requests there is nothing to ask sources for.
  const looked = isWatching ? canary : { ...canary, measured: canary.step };
  const step = { exposes: (eligible: number) => eligible, isLast: true, text: phaseText(groups) };
  const ownSkipped = hostsOf(groups, skipped);
  const ownProgress = progressOf(deployment, own.counts, ownSkipped);
  const said = judged(deployment, course, looked, own, ownSkipped, ownProgress, step, now, fault);
  const look: Look = {
    kind: deployment.kind,
    deployment,
    policy,
    strategy,
    groups,
    canary,
    marks,
    turns,
    own: own.all(),
    said,
    now,
    traffic,
  };

  const isPassing = said.outcome === 'measure' && deployment.state === 'running';
  const wants = isPassing ? figuresWanted(course, canary, now) : lookWanted(course, looked, own, now);
  const ahead = [lookDue(course, looked, own, now) ?? 0, ...dueOf(groups, strategy)].filter((at) => at > now);
  const awaited = {
    ...(wants === null ? {} : { wants }),
    ...(ahead.length === 0 ? {} : { due: Math.min(...ahead) }),
  };
  const progress = progressOf(deployment, turns.counts, skipped);
  if (deployment.state === 'paused') {
    const reason = deployment.reason ?? said.reason;
    return { decisions: marked(look), progress, verdict: said.verdict, reason, ...awaited };
  }
  const intent = intentOf(look);
  const { reason, verdict } = intent;
  const frozen = goesForward(intent) ? frozenBy(deployment, policy) : null;
  if (frozen === null) return { decisions: decided(look, intent), progress, verdict, reason, ...awaited };
  // What hosts show counts all the same. One that has not begun begins after the freeze.
  const decisions = deployment.groups === undefined ? [] : [...marked(look), ...keptOut(deployment, turns)];
  return { decisions, progress, verdict, reason: `${frozen} ${reason}`, ...awaited };
}

interface Look extends GroupLook {
  readonly deployment: Deployment;
  readonly policy: AdvancePolicy;
  readonly marks: readonly Decision[];
  readonly turns: Turns;
}

const goesForward = ({ kind }: Intent): boolean => kind !== 'fail' && kind !== 'end' && kind !== 'ask';

/** Marks, and where it stands, as far as that is new. */
function marked(
  { deployment, marks, canary, groups }: Look,
  next: { readonly canary?: CanaryState; readonly groups?: GroupsState; readonly why?: string } = {},
): Decision[] {
  const state = next.groups ?? groups;
  const shown = next.canary ?? canary;
  const first = `${groups.idle} comes first; traffic goes to ${groups.serving}.`;
  const reason = next.why ?? (deployment.groups === undefined ? first : null);
  return [
    ...marks,
    ...(shown === deployment.canary ? [] : [canaryDecision(shown, null)]),
    ...(state === deployment.groups ? [] : [{ kind: 'groups' as const, groups: state, reason }]),
  ];
}

function decided(look: Look, { kind, reason, without }: Intent): Decision[] {
  const { groups, canary, strategy, now, traffic } = look;
  const { idle, serving } = groups;
  const { asked: _, ...unasked } = canary;
  const since = now;
  switch (kind) {
    case 'ask':
      return [...marked(look), { kind, reason }];
    case 'end':
      return [...marked(look), { kind, state: 'succeeded', reason }];
    case 'fail': {
      const end: Decision = { kind: 'end', state: 'failed', reason };
      if (!isTurnedOver(groups) || traffic === undefined) return [...marked(look), end];
      const why = `${reason} Traffic goes back to ${serving}.`;
      const back = marked(look, { groups: returning(groups, strategy, now), why });
      return [...back, ...switched(traffic, serving), end];
    }
    case 'switch': {
      const why = `${reason} Traffic goes from ${serving} to ${idle}.`;
      const next = { phase: 'switching' as const, idle, serving, since, exposed: now };
      return [
        ...marked(look, { canary: { ...unasked, step: 1 }, groups: next, why }),
        ...(traffic === undefined ? [] : switched(traffic, idle)),
      ];
    }
    case 'watching':
      return marked(look, {
        canary: unasked,
        groups: { phase: kind, idle, serving, since, exposed: now },
        why: `${reason} ${idle} is watched with traffic.`,
      });
    case 'kept': {
      const { asked: _, ...left } = leftStep(strategy, canary);
      const why = `${reason} ${serving} is kept as it was.`;
      return marked(look, { canary: left, groups: { ...groups, phase: kind, since }, why });
    }
    case 'second': {
      const why = `${reason} ${serving} comes second.`;
      const left = { ...groups, phase: kind, since, ...(without === undefined ? {} : { without }) };
      return marked(look, { canary: { ...unasked, step: 2, since }, groups: left, why });
    }
    case 'wait':
      return marked(look);
    case 'stay': {
      if (without === undefined) return admitting(look);
      if (without === 0) return marked(look, { canary: unasked });
      const why = `Without ${without} balancers: ${reason}`;
      return marked(look, { canary: unasked, groups: { ...groups, without }, why });
    }
  }
}

/** Nothing where somebody else has done it already. */
const switched = ({ serving, number }: TrafficEvidence, to: string): Decision[] =>
  serving === to ? [] : [{ kind: 'switch', to, number }];

function admitting(look: Look): Decision[] {
  const { deployment, strategy, groups, canary, turns, now, policy } = look;
  const none = initialThreshold(deployment.kind);
  const strata =
    deployment.strata ?? Object.fromEntries([...strategy.groups].sort().map((group) => [group, none]));
  const quota = quotaOf(groups, turns.all(), now, policy);
  const admitted = admissions({ ...deployment, strata }, turns, now, policy, quota);
  const entered = seenOfAdmitted(turns, admitted, now);
  return [...marked(look, { canary: withEvents(canary, entered.events) }), ...admitted, ...entered.marks];
}
