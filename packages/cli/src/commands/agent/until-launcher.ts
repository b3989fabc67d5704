import type { Clock } from '@xylem/platform';

const lookMs = 1_000;

/**
 * Resolves when the launcher that started this process is gone, for another one starts another agent; and when the
 * signal says that nobody waits any more. Without a launcher only then.
 */
export async function untilLauncherEnds(
  environment: NodeJS.ProcessEnv,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const launcher = Number(environment.XYLEM_LAUNCHER_PID);
  if (!Number.isSafeInteger(launcher) || launcher <= 0) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    return;
  }
  while (process.ppid === launcher && !signal.aborted) {
    await clock.sleep(lookMs, signal).catch(() => undefined);
  }
}
