import { runSupervisor } from '@xylem/agent/supervisor';
import { runBeside } from './process-frame.ts';

/** The process in which the services of a host live. */
export async function supervise(words: readonly string[]): Promise<void> {
  await runBeside('supervisor', words, runSupervisor);
}
