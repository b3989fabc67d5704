import { writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';

const lowestPriority = 19;

/**
 * This process comes after all others for processors, and goes first where memory runs out. On systems where one of both
 * can't be said it is left out.
 */
export async function stepBack(): Promise<void> {
  try {
    setPriority(lowestPriority);
  } catch {
    // A policy of the machine may keep priorities as they are.
  }
  await writeFile('/proc/self/oom_score_adj', '1000').catch(() => undefined);
}
