import { serviceDefaults } from '@xylem/core';
import type { LastExit } from './protocol.ts';
import type { ServiceTerms } from './terms.ts';

type Restart = ServiceTerms['restart'];

/** Whether a service that ended by itself is started again. How it ended without anybody seeing it counts as a failure. Pure. */
export function startsAgain(restart: Restart, { code, error }: LastExit): boolean {
  const policy = restart?.policy ?? serviceDefaults.restart.policy;
  if (policy === 'on-failure') return code !== 0 || error !== null;
  return policy === 'always';
}

/** Before the start after so many ends one soon after the other: doubling. Pure. */
export function restartPauseMs(restart: Restart, failures: number): number {
  const { delayMs, maxDelayMs } = { ...serviceDefaults.restart, ...restart };
  return Math.min(Math.max(delayMs, maxDelayMs), delayMs * 2 ** Math.max(0, failures - 1));
}
