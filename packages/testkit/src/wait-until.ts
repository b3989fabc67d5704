import { setTimeout as delay } from 'node:timers/promises';

const atLeastMs = 10;
const atMostMs = 500;

/**
 * How long to pause after a look that took that long, in milliseconds: a look that starts a process may not take the
 * processor from what is waited for. Pure.
 */
export function pauseAfter(lookMs: number): number {
  return Math.min(atMostMs, Math.max(atLeastMs, lookMs));
}

/**
 * Asks `condition` again and again until it answers something truthy, and returns that.
 * @param deadlineMs real milliseconds; then an error that names `what` and the last answer or error
 */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  deadlineMs = 10_000,
  what = condition.toString(),
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const end = performance.now() + deadlineMs;
  let last: unknown;
  for (;;) {
    const begun = performance.now();
    try {
      const answer = await condition();
      if (answer) return answer as Exclude<T, false | null | undefined | 0 | ''>;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      const cause = last instanceof Error ? last : undefined;
      const said = cause === undefined ? String(last) : cause.message;
      throw new Error(`not within ${deadlineMs} ms: ${what} (last: ${said})`, { cause });
    }
    await delay(pauseAfter(performance.now() - begun));
  }
}
