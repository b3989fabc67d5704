import { XylemError } from '../errors.ts';
import type { HostMetric } from '../metrics/metric.ts';
import { parseSelector } from '../selector/parse.ts';
import type { RequestTest } from '../statistics/requests.ts';
import { judgingDefaults } from './course.ts';
import type {
  CanaryStrategy,
  DeploymentKind,
  HostCount,
  Judging,
  Strategy,
  UpdateLimits,
} from './deployment.ts';
import type { BlueGreenStrategy } from './groups.ts';

/** What a person or an environment's policy says; the rest is filled in. */
export type WantedStrategy =
  | ({ readonly kind: 'all-at-once' } & WantedJudging)
  | ({ readonly kind: 'rolling' } & WantedJudging & Partial<UpdateLimits>)
  | ({ readonly kind: 'canary' } & Partial<Omit<CanaryStrategy, 'kind' | 'metrics'>>)
  | ({ readonly kind: 'blue-green' } & Partial<
      Omit<BlueGreenStrategy, 'kind' | 'metrics' | 'per' | 'groups' | 'maxUnavailableInAll'>
    >);
type WantedJudging = Partial<Omit<Judging, 'metrics'>>;

export interface StrategyFor {
  readonly kind: DeploymentKind;
  /** Whether nothing of the product is settled there yet. */
  readonly isFirst: boolean;
  /** What can't wait bakes nowhere; absent: it can. */
  readonly isUrgent?: boolean;
  /** What is judged as one of a ring bakes for so long, and asks nobody by itself; absent: it is judged alone. */
  readonly ringBakeSeconds?: number;
  /** How many hosts it concerns. */
  readonly hosts: number;
  /** The two groups that the product's traffic is switched between; absent: there are none. */
  readonly traffic?: { readonly label: string; readonly groups: readonly [string, string] };
  /** Of a rollback: `goesBackInPhases`. Absent: it does not. */
  readonly isInPhases?: boolean;
  readonly policy: {
    readonly maxUnavailable: HostCount;
    readonly strategy?: WantedStrategy;
    readonly metrics?: readonly HostMetric[];
  };
}

/** From so many hosts on an update that nobody said more about begins with a few. */
const hostsForCanary = 4;

/** A group without traffic is updated at once. */
const groupDefaults = { maxUnavailable: '100%', keepSeconds: 1800, switchSeconds: 300 } as const;

const canarySteps: CanaryStrategy['steps'] = [1, '25%'];

/**
 * The strategy of a deployment. Where nobody says: the first time there is nothing to lose, and back is wanted at once;
 * an update goes as the environment's policy says, else as a canary, or host by host where there are few; an urgent one
 * without baking, and judged by its hosts alone, since figures need time.
 * @throws XylemError E_INPUT
 */
export function chosenStrategy(wanted: WantedStrategy | undefined, about: StrategyFor): Strategy {
  const { ringBakeSeconds: bakeSeconds } = about;
  const strategy = chosenAlone(wanted, about);
  return bakeSeconds === undefined
    ? strategy
    : { ...judgingDefaults, ...strategy, bakeSeconds, onNoData: 'wait' };
}

function chosenAlone(wanted: WantedStrategy | undefined, about: StrategyFor): Strategy {
  const { kind, isFirst, isUrgent, hosts, policy } = about;
  if (wanted !== undefined) return filled(wanted, about);
  if (about.isInPhases === true) return filled({ kind: 'blue-green' }, about);
  if (kind !== 'deploy' || isFirst) return { kind: 'all-at-once' };
  const own =
    policy.strategy?.kind === 'blue-green' && about.traffic === undefined ? undefined : policy.strategy;
  const usual = own ?? { kind: hosts < hostsForCanary ? 'rolling' : 'canary' };
  return filled(isUrgent === true ? inHaste(usual) : usual, about);
}

/** The same hosts in the same order, each step as soon as they are healthy. */
function inHaste(usual: WantedStrategy): WantedStrategy {
  const { bakeSeconds: _, ...rest } = usual;
  return rest;
}

function filled(wanted: WantedStrategy, about: StrategyFor): Strategy {
  const { kind, policy } = about;
  const judging = judgingOf(wanted, about);
  if (wanted.kind === 'all-at-once') return { ...wanted, ...judging };
  if (wanted.kind === 'blue-green') return overGroups(wanted, judging, about);
  const { per, maxUnavailableInAll } = wanted;
  if (per !== undefined) checkLabel(per);
  else if (maxUnavailableInAll !== undefined) {
    throw new XylemError(
      'E_INPUT',
      'A limit over all besides goes with a label (per); without one the limit is over all.',
    );
  }
  const maxUnavailable = wanted.maxUnavailable ?? policy.maxUnavailable;
  if (wanted.kind === 'rolling') return { ...wanted, maxUnavailable, ...judging };
  if (kind !== 'deploy') {
    throw new XylemError('E_INPUT', `A canary is for updates; a ${kind} goes all at once or rolling.`);
  }
  return { steps: canarySteps, ...wanted, maxUnavailable, ...judgingDefaults, ...judging };
}

function overGroups(
  { kind, ...wanted }: Extract<WantedStrategy, { kind: 'blue-green' }>,
  judging: Partial<Judging>,
  about: StrategyFor,
): Strategy {
  if (about.kind !== 'deploy' && about.isInPhases !== true) {
    const why =
      about.kind === 'rollback'
        ? 'blue-green is for updates, and for rollbacks that change the group that has traffic; this rollback goes'
        : `blue-green is for updates; an ${about.kind} goes`;
    throw new XylemError('E_INPUT', `${why} all at once or rolling.`);
  }
  if (about.traffic === undefined) {
    throw new XylemError(
      'E_INPUT',
      'blue-green needs two groups of hosts with a switch between them: say traffic under the product in the environment (xylem env edit), or choose another strategy.',
    );
  }
  const { label: per, groups } = about.traffic;
  const unsaid = groups.find((group) => group.includes('"'));
  if (unsaid !== undefined)
    throw new XylemError(
      'E_INPUT',
      `blue-green selects hosts by the group ${unsaid}: name it without quotes.`,
    );
  if (about.kind === 'deploy')
    return { kind, per, groups, ...groupDefaults, ...wanted, ...judgingDefaults, ...judging };
  if (wanted.keepSeconds !== undefined)
    throw new XylemError('E_INPUT', 'keepSeconds is for updates; a rollback keeps nothing.');
  const back = { ...judgingDefaults, bakeSeconds: 0, onFail: 'stop', keepSeconds: 0 } as const;
  return { kind, per, groups, ...groupDefaults, maxFailed: '100%', ...wanted, ...back };
}

/**
 * By what it is judged: updates by the metrics of the environment's policy, where there are any; a canary, and who asks
 * for a bake, also by reports alone. The first time there is nothing to go back to. What is urgent bakes only where
 * that is asked for, and figures need a bake.
 */
function judgingOf(
  wanted: WantedStrategy,
  { kind, isFirst, isUrgent, policy }: StrategyFor,
): Partial<Judging> {
  const { bakeSeconds, minimumExposure, alpha, onFail, onNoData } = wanted;
  const asked = Object.entries({ bakeSeconds, minimumExposure, alpha, onFail, onNoData }).filter(
    ([, value]) => value !== undefined,
  );
  if (kind !== 'deploy' && asked.length > 0) {
    const name = asked[0]?.[0] ?? '';
    throw new XylemError('E_INPUT', `${name} is for updates; a ${kind} is not judged while it goes on.`);
  }
  const isHasty = isUrgent === true && (bakeSeconds ?? 0) === 0;
  const metrics = (isHasty ? [] : (policy.metrics ?? [])).map(({ name, ...against }) => ({
    name,
    test: testOf(against),
  }));
  const isJudged =
    wanted.kind === 'canary' ||
    wanted.kind === 'blue-green' ||
    asked.length > 0 ||
    (kind === 'deploy' && !isFirst && metrics.length > 0);
  if (!isJudged) return {};
  const bake = isHasty ? { bakeSeconds: 0 } : {};
  return {
    ...judgingDefaults,
    ...bake,
    ...Object.fromEntries(asked),
    ...(metrics.length === 0 ? {} : { metrics }),
  };
}

function testOf({ limit, ratio, margin }: Omit<HostMetric, 'name'>): RequestTest {
  if (limit !== undefined) return { kind: 'limit', share: limit };
  return {
    kind: 'controls',
    ...(ratio === undefined ? {} : { ratio }),
    ...(margin === undefined ? {} : { margin }),
  };
}

function checkLabel(per: string): void {
  if (per === 'id' || per === 'name') {
    throw new XylemError(
      'E_INPUT',
      `${per} is of one host each. Name a label that several share, such as site.`,
    );
  }
  parseSelector(`${per} = "x"`);
}
