import { killMarked, markName } from '../../supervisor/marked.ts';
import { containerName } from './names.ts';
import { PodmanFailure, podman } from './podman.ts';

let count = 0;

/**
 * One look at a container by a command in it. podman leaves a command running whose time is over: it is found by its
 * mark and ended, so that a check that hangs does not fill the container with itself.
 */
export function lookInContainer(component: string, command: readonly string[], timeoutMs: number) {
  return async (signal: AbortSignal): Promise<string | null> => {
    count += 1;
    const mark = `check-${component}-${process.pid}-${count}`;
    const args = ['exec', `--env=${markName}=${mark}`, containerName(component), ...command];
    try {
      await podman(`checking ${component}`, args, { signal, timeoutMs });
      return null;
    } catch (error) {
      killMarked(mark);
      if (!(error instanceof PodmanFailure)) return 'the check was ended';
      if (error.exitCode === null) return `the check did not end in ${timeoutMs} ms`;
      // What it prints may hold secrets and is not repeated; what podman says of it may be.
      return error.exitCode < 125 || error.exitCode > 127
        ? `the check ended with ${error.exitCode}`
        : `the check can't be run: ${error.output.slice(0, 200)}`;
    }
  };
}
