import type { Deployment } from '@xylem/root/contract';
import { counted } from '../../frame/words.ts';

/** Where a deployment that is judged stands, in words; null for others, and what has not begun, or has ended. */
export function canaryText({ canary, state, strategy }: Deployment): string | null {
  if (canary === undefined || (state !== 'running' && state !== 'paused')) return null;
  const { step, steps, exposed, bakingUntil, evidence, threshold } = canary;
  const baking = bakingUntil === null ? '' : `, baking until ${bakingUntil}`;
  const goesBack = strategy.onFail !== 'stop';
  const then = goesBack ? 'goes back by itself' : 'stops where it is';
  const sign =
    evidence <= 1
      ? 'no sign of harm so far'
      : `evidence of harm ${rounded(evidence)} of ${rounded(threshold)}, at which it ${then}`;
  return `step ${step} of ${steps}, ${counted(exposed, 'host')} exposed${baking}; ${sign}`;
}

const rounded = (value: number): number => Number(value.toPrecision(2));
