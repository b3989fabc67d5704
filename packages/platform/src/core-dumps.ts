import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Log } from './log.ts';

const run = promisify(execFile);

/**
 * Keeps this process, and what it starts from then on, from leaving its memory on a disk when it crashes: keys and
 * opened secrets lie in it. The soft limit alone, so that a service that wants dumps of its own can raise it again.
 * Node has no setrlimit; util-linux's `prlimit` sets it by the process's id. Elsewhere than on Linux it does nothing.
 */
export async function forbidCoreDumps(log: Pick<Log, 'warn'>): Promise<void> {
  if (process.platform !== 'linux') return;
  try {
    await run('prlimit', ['--pid', String(process.pid), '--core=0:']);
  } catch (error) {
    log.warn('a crash may leave keys in a core dump: prlimit (util-linux) did not do', { error });
  }
}
