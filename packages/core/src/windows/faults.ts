import { XylemError } from '../errors.ts';
import { parseSelector } from '../selector/index.ts';
import { type ChangePolicy, type Period, shapeFault } from '../wire/change-policy.ts';
import { momentsOf } from './eligible.ts';
import { timelineOf } from './timeline.ts';

export interface PeriodFault {
  readonly list: 'windows' | 'freezes';
  readonly index: number;
  /** Without a full stop. */
  readonly sentence: string;
}

const mostCount = 1_000;
const known = new Set([
  'FREQ',
  'INTERVAL',
  'COUNT',
  'UNTIL',
  'BYHOUR',
  'BYDAY',
  'BYMONTHDAY',
  'BYYEARDAY',
  'BYWEEKNO',
  'BYMONTH',
  'BYSETPOS',
  'WKST',
]);

/**
 * The first thing that is wrong with the periods of a policy, found by evaluating them: a window that opens no more, one
 * that begins again before it ends, an unknown zone, freezes that leave no moment. Pure.
 */
export function changePolicyFault(policy: ChangePolicy, nowMs: number): PeriodFault | null {
  for (const list of ['windows', 'freezes'] as const) {
    const names = new Set<string>();
    for (const [index, period] of (policy[list] ?? []).entries()) {
      const sentence = names.has(period.name)
        ? `expected each name once, found ${period.name} again`
        : faultOf(period, list === 'freezes', nowMs);
      if (sentence !== null) return { list, index, sentence };
      names.add(period.name);
    }
  }
  return neverFault(policy, nowMs);
}

function faultOf(period: Period, isFreeze: boolean, nowMs: number): string | null {
  const shape = shapeFault(period) ?? ruleFault(period);
  if (shape !== undefined) return shape;
  try {
    if (period.where !== undefined) parseSelector(period.where);
    const line = timelineOf(period, isFreeze);
    const first = line.at(Date.UTC(1999, 0, 1)).next;
    if (first === null) return `expected a rule that fits some day, and none from ${period.start} on does`;
    if (first.endMs <= first.startMs) return 'expected an end after the start';
    const second = line.at(first.startMs).next;
    if (second !== null && second.startMs < first.endMs)
      return 'expected it to end before it begins again, and it does not: it would never end';
    const { covers, next } = line.at(nowMs);
    if (!isFreeze && covers === null && next === null)
      return 'expected a window that opens again; this one is over';
    return null;
  } catch (error) {
    if (error instanceof XylemError) return error.message.replace(/\.$/, '');
    throw error;
  }
}

function ruleFault({ rule }: Period): string | undefined {
  const parts = (rule ?? '').split(';').flatMap((part) => (part === '' ? [] : [part.split('=')]));
  const names = parts.map(([key]) => key ?? '');
  const unknown = names.find((key) => !known.has(key));
  if (unknown !== undefined)
    return `expected parts of a rule out of ${[...known].join(', ')}, found ${unknown}`;
  const twice = names.find((key, index) => names.indexOf(key) !== index);
  if (twice !== undefined) return `expected ${twice} once`;
  const count = Number(parts.find(([key]) => key === 'COUNT')?.[1] ?? 1);
  return count <= mostCount ? undefined : `expected a COUNT of at most ${mostCount}; UNTIL has no such bound`;
}

/** For each selector of windows: together with the freezes of all hosts and of the same selector. */
function neverFault(policy: ChangePolicy, nowMs: number): PeriodFault | null {
  const { windows = [], freezes = [] } = policy;
  for (const where of new Set([...windows, ...freezes].map((period) => period.where))) {
    const fits = (period: Period): boolean => period.where === where || period.where === undefined;
    const plain = (periods: readonly Period[]) =>
      periods.filter(fits).map(({ where: _where, ...period }) => period as Period);
    const moments = momentsOf({ windows: plain(windows), freezes: plain(freezes) }, anyHost);
    const found = moments.eligible({}, nowMs);
    if (found.kind === 'open' || found.nextMs !== null) continue;
    const list = found.kind === 'frozen' || windows.length === 0 ? 'freezes' : 'windows';
    const index = Math.max(0, (policy[list] ?? []).findIndex(fits));
    return {
      list,
      index,
      sentence: 'expected that a change may begin at some moment; freezes and windows leave none',
    };
  }
  return null;
}

const anyHost = { id: '', name: '', labels: {} };
