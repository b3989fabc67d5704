import { XylemError } from '../errors.ts';
import type { HostMetric } from '../metrics/metric.ts';
import { parseSelector } from '../selector/parse.ts';
import type { RequestTest } from '../statistics/requests.ts';
import type { CanaryStrategy, DeploymentKind, HostCount, Strategy, UpdateLimits } from './deployment.ts';

/** What a person or an environment's policy says; the rest is filled in. */
export type WantedStrategy =
  | { readonly kind: 'all-at-once' }
  | ({ readonly kind: 'rolling' } & Partial<UpdateLimits>)
  | ({ readonly kind: 'canary' } & Partial<Omit<CanaryStrategy, 'kind' | 'metrics'>>);

export interface StrategyFor {
  readonly kind: DeploymentKind;
  /** Whether nothing of the product is settled there yet. */
  readonly isFirst: boolean;
  /** How many hosts it concerns. */
  readonly hosts: number;
  readonly policy: {
    readonly maxUnavailable: HostCount;
    readonly strategy?: WantedStrategy;
    readonly metrics?: readonly HostMetric[];
  };
}

/** From so many hosts on an update that nobody said more about begins with a few. */
const hostsForCanary = 4;

const canaryDefaults: Omit<CanaryStrategy, 'kind' | 'maxUnavailable'> = {
  steps: [1, '25%'],
  bakeSeconds: 60,
  minimumExposure: 1,
  alpha: 0.01,
  onFail: 'rollback',
  onNoData: 'ask',
};

/**
 * The strategy of a deployment. Where nobody says: the first time there is nothing to lose, and back is wanted at once;
 * an update goes as the environment's policy says, else as a canary, or host by host where there are few.
 * @throws XylemError E_INPUT
 */
export function chosenStrategy(wanted: WantedStrategy | undefined, about: StrategyFor): Strategy {
  const { kind, isFirst, hosts, policy } = about;
  if (wanted !== undefined) return filled(wanted, about);
  if (kind !== 'deploy' || isFirst) return { kind: 'all-at-once' };
  return filled(policy.strategy ?? { kind: hosts < hostsForCanary ? 'rolling' : 'canary' }, about);
}

function filled(wanted: WantedStrategy, { kind, policy }: StrategyFor): Strategy {
  if (wanted.kind === 'all-at-once') return { kind: 'all-at-once' };
  const { per, maxUnavailableInAll } = wanted;
  if (per !== undefined) checkLabel(per);
  else if (maxUnavailableInAll !== undefined) {
    throw new XylemError(
      'E_INPUT',
      'A limit over all besides goes with a label (per); without one the limit is over all.',
    );
  }
  const maxUnavailable = wanted.maxUnavailable ?? policy.maxUnavailable;
  if (wanted.kind === 'rolling') return { ...wanted, maxUnavailable };
  if (kind !== 'deploy') {
    throw new XylemError('E_INPUT', `A canary is for updates; a ${kind} goes all at once or rolling.`);
  }
  const metrics = (policy.metrics ?? []).map(({ name, ...against }) => ({ name, test: testOf(against) }));
  return { ...canaryDefaults, ...wanted, maxUnavailable, ...(metrics.length === 0 ? {} : { metrics }) };
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
