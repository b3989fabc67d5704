import { type LinkLimit, parseLinkLimit, XylemError } from '@xylem/core';

export const limitHelp = 'as serve=1MB/s,each=200kB/s,between=08:00-18:00,days=mon-fri,zone=Europe/Berlin';

/** @throws XylemError E_INPUT */
export async function readLimits(texts: readonly string[]): Promise<LinkLimit[]> {
  const limits = texts.map(parseLinkLimit);
  for (const limit of limits) await checkTimes(limit);
  return limits;
}

/** The calendar is loaded by who needs it alone. @throws XylemError E_INPUT */
export async function checkTimes({ times }: LinkLimit): Promise<void> {
  if (times === undefined) return;
  const { linkTimesFault } = await import('@xylem/core/windows');
  const fault = linkTimesFault(times);
  if (fault !== null) throw new XylemError('E_INPUT', `The times of the limit can't be evaluated: ${fault}`);
}
