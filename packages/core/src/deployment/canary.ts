import { admissions } from './admissions.ts';
import { type Course, stepAt } from './course.ts';
import type {
  Advance,
  AdvancePolicy,
  CanaryState,
  Decision,
  Deployment,
  HostEvidence,
  Progress,
} from './deployment.ts';
import { initialThreshold } from './deployment.ts';
import {
  type Figures,
  figuresWanted,
  leftStep,
  lookDue,
  lookWanted,
  type Measured,
  measured,
} from './figures.ts';
import { frozenBy, keptOut } from './freeze.ts';
import { judged } from './judged.ts';
import { begun, withEvents } from './learn.ts';
import { cohortOf, namedStrata } from './strata.ts';
import { type Overview, progressOf, type Turns } from './turns.ts';
import { seenOf, seenOfAdmitted } from './watching.ts';

/**
 * The next decisions of a canary that runs, or is paused after it had begun. Marks of hosts come first and count at
 * once; then it fails, or passes a step, or asks, or admits more hosts of the present step. While it is paused there
 * are marks alone: a failure that passes before it goes on has been seen. While a freeze holds it up it neither passes a
 * step nor admits.
 */
export function advanceJudged(
  deployment: Deployment,
  course: Course,
  overview: Overview,
  now: number,
  policy: AdvancePolicy,
  figures?: Figures,
): Advance {
  const strata =
    deployment.strata ??
    (course.per === undefined ? {} : namedStrata(overview.counts.strata, initialThreshold(deployment.kind)));
  const stratumOf = ({ stratum }: HostEvidence): string => cohortOf({ strata }, stratum) ?? '';
  const { marks, events } = seenOf(course, overview.noticed(), overview.gone(), stratumOf, now, policy);
  const seen = withEvents(deployment.canary ?? begun(now), events);
  return overview.supposing(marks, (turns) => {
    const found = measured(course, seen, turns, stratumOf, figures, now);
    return decided({ deployment, course, turns, skipped: overview.skipped(), now, policy, marks, ...found });
  });
}

/** What is known once marks and figures count. */
interface Look extends Measured {
  readonly deployment: Deployment;
  readonly course: Course;
  readonly turns: Turns;
  readonly skipped: readonly HostEvidence[];
  readonly now: number;
  readonly policy: AdvancePolicy;
  readonly marks: readonly Decision[];
}

function decided(look: Look): Advance {
  const { deployment, course, turns, skipped, now, policy, marks, canary, fault } = look;
  const progress = progressOf(deployment, turns.counts, skipped);
  const { verdict, reason, outcome } = judged(
    deployment,
    course,
    canary,
    turns,
    skipped,
    progress,
    stepOf(course, canary.step, turns),
    now,
    fault,
  );
  const marked = (next: CanaryState, why: string | null): Decision[] =>
    next === deployment.canary ? [...marks] : [...marks, canaryDecision(next, why)];
  /** What sources are asked, and when time alone says something. */
  const awaited = (): Pick<Advance, 'wants' | 'due'> => {
    const isPassing = outcome === 'measure' && deployment.state === 'running';
    const wants = isPassing ? figuresWanted(course, canary, now) : lookWanted(course, canary, turns, now);
    const due = lookDue(course, canary, turns, now);
    return { ...(wants === null ? {} : { wants }), ...(due === null ? {} : { due }) };
  };
  if (deployment.state === 'paused') {
    const why = deployment.reason ?? reason;
    return { decisions: marked(canary, null), progress, verdict, reason: why, ...awaited() };
  }
  const frozen = frozenBy(deployment, policy);
  if (frozen !== null && (outcome === 'next' || outcome === 'stay' || outcome === 'measure')) {
    // What hosts show counts all the same. One that has not begun begins after the freeze.
    const decisions =
      deployment.canary === undefined ? [] : [...marked(canary, null), ...keptOut(deployment, turns)];
    return { decisions, progress, verdict, reason: `${frozen} ${reason}`, ...awaited() };
  }
  switch (outcome) {
    case 'fail':
      return {
        decisions: [...marked(canary, null), { kind: 'end', state: 'failed', reason }],
        progress,
        verdict,
        reason,
      };
    case 'pass':
      return {
        decisions: [...marked(canary, null), { kind: 'end', state: 'succeeded', reason }],
        progress,
        verdict,
        reason,
      };
    case 'ask':
      return { decisions: [...marked(canary, null), { kind: 'ask', reason }], progress, verdict, reason };
    case 'next': {
      const { asked: _, ...rest } = leftStep(course, canary);
      const next = { ...rest, step: canary.step + 1, since: now };
      return {
        decisions: marked(next, `${reason} ${stepOf(course, next.step, turns).text}.`),
        progress,
        verdict,
        reason,
      };
    }
    case 'measure':
    case 'stay': {
      const { exposes, isLast, text } = stepOf(course, canary.step, turns);
      const admitted = admissions(deployment, turns, now, policy, { of: exposes, isEveryone: isLast });
      const entered = seenOfAdmitted(turns, admitted, now);
      const next = withEvents(canary, entered.events);
      const first = deployment.canary === undefined ? `${text}.` : null;
      return {
        decisions: [...marked(next, first), ...admitted, ...entered.marks],
        progress,
        verdict,
        reason,
        ...awaited(),
      };
    }
  }
}

/** What a canary shows that has not begun, or has ended. */
export function verdictOfJudged(
  deployment: Deployment,
  course: Course,
  turns: Turns,
  skipped: readonly HostEvidence[],
  progress: Progress,
  now: number,
) {
  const canary = deployment.canary ?? begun(now);
  const step = stepOf(course, canary.step, turns);
  return judged(deployment, course, canary, turns, skipped, progress, step, now);
}

export const canaryDecision = (canary: CanaryState, reason: string | null): Decision => ({
  kind: 'canary',
  canary,
  reason,
});

const stepOf = (course: Course, step: number, { counts }: Turns) =>
  stepAt(
    course,
    step,
    [...counts.strata.values()].map(({ eligible }) => eligible),
  );
