import { setTimeout as delay } from 'node:timers/promises';

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
    await delay(10);
  }
}
