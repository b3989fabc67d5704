import type { Progress } from './deployment.ts';

/** "1 host", "3 hosts". */
export function hosts(count: number): string {
  return count === 1 ? '1 host' : `${count} hosts`;
}

/** "2 skipped, 1 of them after it had failed", with what goes before it; "" where nobody was. */
export function skippedText(
  { skipped = 0, skippedFailed = 0 }: Pick<Progress, 'skipped' | 'skippedFailed'>,
  before = '',
): string {
  if (skipped === 0) return '';
  const lost = skippedFailed === 0 ? '' : `, ${skippedFailed} of them after it had failed`;
  return `${before}${skipped} skipped${lost}`;
}

/** Why there is no data at all. */
export function nobodyText(progress: Pick<Progress, 'skipped' | 'skippedFailed'>): string {
  return `No host is eligible yet${skippedText(progress, '; ')}.`;
}
