import { type HostCount, type Strategy, XylemError } from '@xylem/core';
import { type Scenario, type Span, usual } from '@xylem/sim';

const day = 24 * 3_600_000;
const text = <Default extends string>(value: Default) =>
  ({ type: 'string', default: value as string }) as const;

/** Of `parseArgs`. */
export const scenarioOptions = {
  hosts: text('1000'),
  seed: text('1'),
  strategy: text('rolling'),
  'max-unavailable': text('10%'),
  'max-failed': { type: 'string' },
  steps: text('1%,10%'),
  bake: text('1200'),
  sites: text('0'),
  breaks: text('0'),
  'fails-per-day': text('0'),
  silent: text('0.2'),
  offline: text('0'),
  leaves: text('0'),
  joins: text('0'),
  relabels: text('0'),
  'crashes-per-day': text('0'),
  days: text('1'),
  look: text('60'),
  latency: text('exponential:20'),
  update: text('exponential:120'),
} as const;

type Values = { readonly [Name in Exclude<keyof typeof scenarioOptions, 'max-failed'>]: string } & {
  readonly 'max-failed'?: string | undefined;
};

/** @throws XylemError E_INPUT */
export function scenarioOf(values: Values): Scenario {
  const [hosts, seed, days, sites] = [values.hosts, values.seed, values.days, values.sites].map(Number);
  const [crashes, lookSeconds] = [Number(values['crashes-per-day']), Number(values.look)];
  const isWhole = (one: number | undefined, least: number): one is number =>
    Number.isSafeInteger(one) && (one ?? 0) >= least;
  if (
    !isWhole(hosts, 1) ||
    !isWhole(seed, 0) ||
    !isWhole(sites, 0) ||
    !((days ?? 0) > 0) ||
    !(crashes >= 0) ||
    !isWhole(lookSeconds, 1)
  )
    throw new XylemError(
      'E_INPUT',
      '--hosts is a whole number from 1 on, --seed and --sites one from 0 on, --days a number above 0, --crashes-per-day one from 0 on, --look whole seconds.',
    );
  const share = (
    name: 'breaks' | 'fails-per-day' | 'silent' | 'offline' | 'leaves' | 'joins' | 'relabels',
  ) => {
    const value = Number(values[name]);
    if (!(value >= 0 && value <= 1)) throw new XylemError('E_INPUT', `--${name} is a share from 0 to 1.`);
    return value;
  };
  const failing = share('fails-per-day');
  return {
    ...usual,
    hosts,
    seed,
    sites,
    strategy: strategyOf(values, sites),
    untilMs: (days ?? 1) * day,
    lookMs: lookSeconds * 1000,
    latency: spanOf('--latency', values.latency),
    update: spanOf('--update', values.update),
    breaks: share('breaks'),
    silent: share('silent'),
    offline: share('offline'),
    leaves: share('leaves'),
    joins: share('joins'),
    relabels: share('relabels'),
    failsEveryMs: failing === 0 ? null : day / failing,
    crashesEveryMs: crashes === 0 ? null : day / crashes,
  };
}

function strategyOf(values: Values, sites: number): Strategy {
  if (values.strategy === 'all') return { kind: 'all-at-once' };
  const failed = values['max-failed'];
  const limits = {
    maxUnavailable: countOf('--max-unavailable', values['max-unavailable']),
    ...(failed === undefined ? {} : { maxFailed: countOf('--max-failed', failed) }),
    ...(sites > 0 ? { per: 'site' } : {}),
  };
  if (values.strategy === 'rolling') return { kind: 'rolling', ...limits };
  const bakeSeconds = Number(values.bake);
  if (values.strategy !== 'canary' || !Number.isSafeInteger(bakeSeconds) || bakeSeconds < 0)
    throw new XylemError(
      'E_INPUT',
      '--strategy is rolling, canary or all; --bake a whole number of seconds.',
    );
  return {
    kind: 'canary',
    steps: values.steps.split(',').map((one) => countOf('--steps', one)),
    bakeSeconds,
    minimumExposure: 1,
    alpha: 0.01,
    onFail: 'rollback',
    onNoData: 'wait',
    ...limits,
  };
}

function countOf(flag: string, count: string): HostCount {
  if (!/^([1-9][0-9]{0,6}|(100|[1-9][0-9]?)%)$/.test(count))
    throw new XylemError('E_INPUT', `${flag} takes numbers of hosts, or shares like 10%.`);
  return count.endsWith('%') ? (count as `${number}%`) : Number(count);
}

function spanOf(flag: string, span: string): Span {
  const [kind, seconds, spread] = span.split(':');
  const ms = Number(seconds) * 1000;
  if (ms >= 0 && spread === undefined && (kind === 'fixed' || kind === 'exponential')) return { kind, ms };
  if (ms >= 0 && kind === 'lognormal' && Number(spread) >= 0) return { kind, ms, spread: Number(spread) };
  throw new XylemError(
    'E_INPUT',
    `${flag} is fixed:SECONDS, exponential:SECONDS (on average) or lognormal:SECONDS:SPREAD (half take longer).`,
  );
}
