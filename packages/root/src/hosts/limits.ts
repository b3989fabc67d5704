import { type LinkLimit, mostLinkLimits, XylemError } from '@xylem/core';
import { linkTimesFault } from '@xylem/core/windows';
import type { HostDetail } from '../api/schemas/index.ts';

/** @throws XylemError E_INPUT for times that no host could evaluate, and for a limit of nothing */
export function refuseUnevaluable(limits: readonly LinkLimit[]): void {
  for (const { times, ...rates } of limits) {
    if (Object.keys(rates).length === 0)
      throw new XylemError('E_INPUT', 'A limit says at least one of down, up, serve and each.');
    const fault = times === undefined ? null : linkTimesFault(times);
    if (fault !== null)
      throw new XylemError('E_INPUT', `The times of the limit can't be evaluated: ${fault}`);
  }
}

/**
 * Limits said of a host: each is in place of what was said for the same times; none at all is in place of all. Null where
 * the host is as it should be. Pure. @throws XylemError E_INPUT above the bound
 */
export function limiting(
  before: readonly LinkLimit[],
  said: readonly LinkLimit[],
): { readonly link_limits: string } | null {
  const timesOf = ({ times }: LinkLimit): string => JSON.stringify(times ?? null);
  const byTimes = new Map(said.length === 0 ? [] : before.map((limit) => [timesOf(limit), limit]));
  for (const limit of said) byTimes.set(timesOf(limit), limit);
  const after = [...byTimes.values()];
  if (after.length > mostLinkLimits)
    throw new XylemError(
      'E_INPUT',
      `A host has at most ${mostLinkLimits} limits. Take them away first: --off.`,
    );
  const text = JSON.stringify(after);
  return text === JSON.stringify(before) ? null : { link_limits: text };
}

export function apiLimit({ times, ...rates }: LinkLimit): HostDetail['limits'][number] {
  if (times === undefined) return rates;
  const { days, ...clock } = times;
  return { ...rates, times: { ...clock, ...(days === undefined ? {} : { days: [...days] }) } };
}
