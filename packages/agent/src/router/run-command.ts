import { execFile } from 'node:child_process';
import { serviceEnvironment } from '../supervisor/environment.ts';

/** What a command of a package said and how it ended. */
export interface Ran {
  /** Null: it ended well. */
  readonly fault: string | null;
  readonly stdout: string;
  /** Both streams, bounded, the newest kept: for people. */
  readonly output: string;
}

const mostBytes = 256 * 1024;
const keptCharacters = 8_000;

/** Runs a program without a shell and with nothing of the agent's environment; what it prints is kept. */
export function runCommand(
  [program = '', ...args]: readonly string[],
  options: { readonly cwd: string; readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<Ran> {
  const { cwd, timeoutMs, signal } = options;
  return new Promise((resolve) => {
    const given = {
      cwd,
      env: serviceEnvironment(process.env),
      timeout: timeoutMs,
      killSignal: 'SIGKILL' as const,
      maxBuffer: mostBytes,
      ...(signal === undefined ? {} : { signal }),
    };
    execFile(program, args, given, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`.slice(-keptCharacters);
      resolve({ fault: error === null ? null : faultOf(error, timeoutMs), stdout, output });
    });
  });
}

function faultOf(
  error: Error & { code?: string | number | null; killed?: boolean; signal?: string | null },
  timeoutMs: number,
): string {
  if (typeof error.code === 'number') return `it ended with ${error.code}`;
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `it printed more than ${mostBytes} bytes`;
  if (error.killed === true) return `it did not end in ${timeoutMs} ms`;
  return typeof error.signal === 'string' ? `it ended by ${error.signal}` : error.message.slice(0, 300);
}
