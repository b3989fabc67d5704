import type { Clock } from '@xylem/platform';
import type { LaunchedProcess } from './process.ts';

const lookMs = 250;

/**
 * Of a process on trial: says that it is good when it has planned what this host needs and a parent has taken a report
 * of it. Nothing is waited for here: the launcher's deadline is what ends a version that never comes so far.
 */
export async function confirmTrial(options: {
  readonly self: LaunchedProcess;
  readonly hasPlanned: () => boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { self, clock, signal } = options;
  if (!self.isOnTrial) return;
  while (!(self.hasReported() && options.hasPlanned())) await clock.sleep(lookMs, signal);
  await self.confirm();
}
