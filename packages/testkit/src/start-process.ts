import { type ChildProcess, spawn } from 'node:child_process';
import { type Cleanup, removeLater } from './cleanup.ts';
import { waitUntil } from './wait-until.ts';

export interface StartOptions {
  readonly context: Cleanup;
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Added to this process's environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly uid?: number;
  readonly gid?: number;
}

export interface StartedProcess {
  readonly pid: number;
  /** What it wrote until now. */
  stdout(): string;
  stderr(): string;
  /** Waits for a line on either stream; rejects, with what was written, when the process ends first or after `deadlineMs`. */
  waitForLine(pattern: RegExp, deadlineMs?: number): Promise<RegExpMatchArray>;
  /** Resolves when it ended and its output is complete. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Signals exactly this process (default SIGKILL) and waits for its end. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** Starts a program, keeps its output, and kills it at the latest when `context` ends. No shell. */
export async function startProcess(options: StartOptions): Promise<StartedProcess> {
  const child = spawn(options.command, [...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  alive.add(child);
  let ended = false;
  // Children of its own may hold the pipes open for ever: they are not waited for.
  child.once('exit', () => {
    setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, 500).unref();
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => {
      ended = true;
      alive.delete(child);
      resolve({ code, signal });
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => {
      alive.delete(child);
      reject(error);
    });
  });
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (!ended) child.kill(signal);
    await exited;
  };
  removeLater(options.context, () => kill());
  const lineOf = (pattern: RegExp): RegExpMatchArray | null => {
    for (const line of `${output.stdout}\n${output.stderr}`.split('\n')) {
      const match = line.match(pattern);
      if (match !== null) return match;
    }
    return null;
  };
  return {
    pid: child.pid ?? -1,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    exited,
    kill,
    waitForLine: async (pattern, deadlineMs = 10_000) => {
      const found = await waitUntil(
        () => lineOf(pattern) ?? (ended ? 'ended' : null),
        deadlineMs,
        `line ${pattern}`,
      ).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
      if (Array.isArray(found)) return found as RegExpMatchArray;
      const why = found instanceof Error ? found.message : 'the process ended';
      throw new Error(`${options.command}: no line ${pattern}: ${why}\n${output.stdout}\n${output.stderr}`);
    },
  };
}
