import { XylemError } from '@xylem/core';
import type { DeploymentCreate } from '@xylem/root/contract';
import { count, flag, text } from '../../frame/define.ts';

export const strategyOptions = {
  strategy: text(
    '<kind>',
    "all-at-once, rolling, canary or blue-green (default: the environment's, else by number of hosts)",
  ),
  maxUnavailable: text('<number>', "at most so many hosts at a time, 2 or 25% (default: the environment's)"),
  maxFailed: text('<number>', 'more failed hosts than this end it, 0 or 5%'),
  per: text('<label>', 'the numbers count within each value of this label, such as site'),
  maxUnavailableInAll: text('<number>', 'with --per: at most so many over all besides'),
};
/** Of a deploy alone. */
export const canaryOptions = {
  steps: text('<numbers>', 'canary: how many hosts in each step before everyone, 1,10%,50%'),
  bake: count('<seconds>', 'for how long a host has to stay healthy before others follow', 0),
  minimumExposure: count('<hosts>', 'others follow once so many have', 1),
  alpha: text('<probability>', 'of a false stop, over the whole deployment (default 0.01)'),
  keep: count('<seconds>', 'blue-green: for how long the group without traffic stays as it is', 0),
  switchWithin: count('<seconds>', 'blue-green: how long balancers may take to report the switch', 10),
  stopOnFail: flag('stop where it fails, instead of going back'),
  waitForData: flag('wait where there is too little to judge, instead of asking'),
};

type Words<T> = { readonly [K in keyof T]?: string | number | boolean | undefined };

/** What the flags say; nothing where none of them is given. @throws XylemError E_INPUT */
export function strategyOf(
  options: Words<typeof strategyOptions> & Words<typeof canaryOptions>,
): Pick<DeploymentCreate, 'strategy'> {
  const { strategy } = options;
  const judging = judgingFrom(options);
  const steps =
    typeof options.steps === 'string'
      ? { steps: options.steps.split(',').map((word) => countOf('--steps', word)) }
      : {};
  const limits = {
    ...hostCount('maxUnavailable', '--max-unavailable', options.maxUnavailable),
    ...hostCount('maxFailed', '--max-failed', options.maxFailed),
    ...hostCount('maxUnavailableInAll', '--max-unavailable-in-all', options.maxUnavailableInAll),
    ...(typeof options.per === 'string' ? { per: options.per } : {}),
  };
  const keeping = keepingFrom(options);
  const isGiven = (part: object): boolean => size(part) > 0;
  const kind =
    strategy ??
    (isGiven(keeping)
      ? 'blue-green'
      : isGiven({ ...steps, ...judging })
        ? 'canary'
        : isGiven(limits)
          ? 'rolling'
          : undefined);
  if (kind === undefined) return {};
  if (kind === 'blue-green') {
    const { per, maxUnavailableInAll, ...within } = limits;
    if (per !== undefined || maxUnavailableInAll !== undefined || isGiven(steps))
      throw new XylemError(
        'E_INPUT',
        '--per, --max-unavailable-in-all and --steps do not go with --strategy blue-green: its label and its groups stand in the environment, and limits count within each group.',
      );
    return { strategy: { kind, ...within, ...judging, ...keeping } };
  }
  if (isGiven(keeping))
    throw new XylemError('E_INPUT', '--keep and --switch-within belong to --strategy blue-green.');
  if (kind === 'canary') return { strategy: { kind, ...limits, ...judging, ...steps } };
  if (kind !== 'rolling' && kind !== 'all-at-once') {
    throw new XylemError(
      'E_INPUT',
      `--strategy ${kind} is unknown. Write all-at-once, rolling, canary or blue-green.`,
    );
  }
  if (size({ ...steps, ...(kind === 'rolling' ? {} : limits) }) > 0) {
    const sentence =
      kind === 'rolling'
        ? '--steps belongs to --strategy canary, not to rolling.'
        : '--max-unavailable, --max-failed, --per and --steps belong to --strategy rolling or canary, not to all-at-once.';
    throw new XylemError('E_INPUT', sentence);
  }
  return { strategy: kind === 'rolling' ? { kind, ...limits, ...judging } : { kind, ...judging } };
}

const size = (object: object): number => Object.keys(object).length;

function judgingFrom({ bake, minimumExposure, alpha, stopOnFail, waitForData }: Words<typeof canaryOptions>) {
  return {
    ...(typeof bake === 'number' ? { bakeSeconds: bake } : {}),
    ...(typeof minimumExposure === 'number' ? { minimumExposure } : {}),
    ...(typeof alpha === 'string' ? { alpha: probability(alpha) } : {}),
    ...(stopOnFail === true ? { onFail: 'stop' as const } : {}),
    ...(waitForData === true ? { onNoData: 'wait' as const } : {}),
  };
}

function keepingFrom({ keep, switchWithin }: Words<typeof canaryOptions>) {
  return {
    ...(typeof keep === 'number' ? { keepSeconds: keep } : {}),
    ...(typeof switchWithin === 'number' ? { switchSeconds: switchWithin } : {}),
  };
}

function probability(word: string): number {
  const value = Number(word);
  if (word.trim() !== '' && value >= 0.0001 && value <= 0.5) return value;
  throw new XylemError(
    'E_INPUT',
    `--alpha ${word} is not valid. Write a probability from 0.0001 to 0.5, such as 0.01.`,
  );
}

function hostCount<K extends string>(
  key: K,
  flagName: string,
  word: string | number | boolean | undefined,
): { [P in K]?: number | string } {
  return typeof word === 'string'
    ? ({ [key]: countOf(flagName, word) } as { [P in K]?: number | string })
    : {};
}

function countOf(flagName: string, word: string): number | string {
  const mayBeNone = flagName === '--max-failed';
  if (!/^(\d{1,6}|([1-9]\d?|100)%)$/.test(word) || (!mayBeNone && /^0+$/.test(word))) {
    throw new XylemError(
      'E_INPUT',
      `${flagName} ${word} is not valid. Write a number of hosts, 2, or a share, 25%.`,
    );
  }
  return word.endsWith('%') ? word : Number(word);
}
