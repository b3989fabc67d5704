import { spawn } from 'node:child_process';
import type { Clock } from '@xylem/platform';
import { serviceEnvironment } from '../../supervisor/environment.ts';

/** A command of the package as it is run on this host. No shell sees it. */
export interface RunSpec {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface RunResult {
  /** Null: it ended with 0; else how it ended, in a few words. */
  readonly fault: string | null;
  /** The last of what it printed. */
  readonly output: string;
}

const mostOutput = 4_000;
/** What it started in the background may hold its output open; that is not waited for. */
const drainMs = 500;

/** Runs a command to its end, or kills it with all that it started when its time is over or the agent ends. */
export function runCommand(spec: RunSpec, clock: Clock, signal: AbortSignal): Promise<RunResult> {
  const [program = '', ...args] = spec.command;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: spec.cwd,
      env: { ...serviceEnvironment(process.env), ...spec.environment },
      // Leads a group of its own, so that what it started can be ended with it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let cut: string | null = null;
    const over = new AbortController();
    const end = (reason: string): void => {
      cut ??= reason;
      try {
        process.kill(-(child.pid ?? Number.NaN), 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    };
    const take = (piece: Buffer): void => {
      output = (output + piece.toString('utf8')).slice(-mostOutput);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const interrupted = (): void => end('it was interrupted');
    signal.addEventListener('abort', interrupted, { once: true });
    clock
      .sleep(spec.timeoutMs, over.signal)
      .then(() => end(`it did not end in ${spec.timeoutMs} ms`))
      .catch(() => undefined);
    const finish = (fault: string | null): void => {
      over.abort();
      signal.removeEventListener('abort', interrupted);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ fault, output: output.trim() });
    };
    child.once('error', (error) => finish(error.message));
    child.once('exit', (status, killed) => {
      const fault = cut ?? (status === 0 ? null : `it ended with ${status ?? killed}`);
      const ended = (): void => finish(fault);
      child.once('close', ended);
      clock.sleep(drainMs, over.signal).then(ended, () => undefined);
    });
  });
}
