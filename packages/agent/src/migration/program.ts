import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '@xylem/platform';
import { serviceEnvironment } from '../supervisor/environment.ts';
import { killMarked, markName } from '../supervisor/marked.ts';
import { boundServiceLog } from '../supervisor/service-log.ts';

/** The exit code of a program that met a higher term in the database. */
const fencedExit = 76;

const mostLogBytes = 8 * 1024 * 1024;
const tailBytes = 2_000;
const mostCheckpoint = 1_024;

export interface ProgramOptions {
  readonly command: readonly string[];
  readonly cwd: string;
  /** Found again by it, however it forks, also after this process is gone. */
  readonly mark: string;
  /** The one document on its standard input. */
  readonly input: object;
  readonly log: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Ends it, with all its descendants. */
  readonly signal: AbortSignal;
  readonly onCheckpoint: (checkpoint: string) => void;
}

export type Ended =
  | { readonly kind: 'done' }
  | { readonly kind: 'fenced' }
  /** `tail`: the end of what it printed. */
  | { readonly kind: 'failed'; readonly why: string; readonly tail: string };

/**
 * Runs a program of a migration to its end. When this resolves or throws, neither it nor a descendant is left.
 * @throws the signal's reason
 */
export async function runProgram(options: ProgramOptions): Promise<Ended> {
  const { command, signal, clock, mark } = options;
  signal.throwIfAborted();
  await killAllMarked(mark, clock);
  await mkdir(dirname(options.log), { recursive: true, mode: 0o700 });
  boundServiceLog(options.log, mostLogBytes);
  const log = await open(options.log, 'a', 0o600);
  try {
    const [program = '', ...args] = command;
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...serviceEnvironment(process.env), [markName]: mark },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const over = new AbortController();
    const kill = (): void => {
      child.kill('SIGKILL');
      killMarked(mark);
    };
    // A descendant that holds its output open must not hold up the end.
    child.once('exit', kill);
    signal.addEventListener('abort', kill, { once: true });
    let isLate = false;
    void clock.sleep(options.timeoutMs, over.signal).then(
      () => {
        isLate = true;
        kill();
      },
      () => undefined,
    );
    try {
      const output = readOutput(child, options, (text) => log.appendFile(text).catch(() => undefined));
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(JSON.stringify(options.input));
      const { code, killedBy, fault } = await ended(child);
      if (signal.aborted) throw signal.reason;
      const tail = output();
      if (isLate) return { kind: 'failed', why: `did not end in ${options.timeoutMs} ms`, tail };
      if (fault !== null) return { kind: 'failed', why: `can't be started: ${fault}`, tail };
      if (code === 0) return { kind: 'done' };
      if (code === fencedExit) return { kind: 'fenced' };
      return { kind: 'failed', why: code === null ? `was ended by ${killedBy}` : `ended with ${code}`, tail };
    } finally {
      signal.removeEventListener('abort', kill);
      over.abort();
      await killAllMarked(mark, clock);
    }
  } finally {
    await log.close();
  }
}

/** Kills what carries the mark until nothing does: what forks while it is looked for is found the next time. */
export async function killAllMarked(mark: string, clock: Clock): Promise<void> {
  while (killMarked(mark) > 0) await clock.sleep(20);
}

function ended(
  child: ChildProcess,
): Promise<{ code: number | null; killedBy: string | null; fault: string | null }> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, killedBy: null, fault: error.message }));
    child.once('close', (code, killedBy) => resolve({ code, killedBy, fault: null }));
  });
}

/** @returns the end of all that it printed but its progress */
function readOutput(
  child: ChildProcess,
  { onCheckpoint }: ProgramOptions,
  write: (text: string) => void,
): () => string {
  let tail = '';
  let written = 0;
  const keep = (text: string): void => {
    tail = `${tail}${text}`.slice(-tailBytes);
    // A program that prints without end fills no disk.
    if (written > mostLogBytes) return;
    written += text.length;
    write(text);
  };
  let line = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${line}${text}`.split('\n');
    line = (lines.pop() ?? '').slice(-64 * 1024);
    for (const one of lines) {
      const checkpoint = checkpointIn(one);
      if (checkpoint === null) keep(`${one}\n`);
      else onCheckpoint(checkpoint);
    }
  });
  child.stdout?.once('end', () => {
    if (line !== '') keep(`${line}\n`);
  });
  child.stderr?.setEncoding('utf8').on('data', keep);
  return () => tail.trim();
}

/** What a line of progress says, or null for any other line. Pure. */
function checkpointIn(line: string): string | null {
  if (!line.startsWith('{')) return null;
  try {
    const { checkpoint } = JSON.parse(line) as { checkpoint?: unknown };
    return typeof checkpoint === 'string' && checkpoint.length <= mostCheckpoint ? checkpoint : null;
  } catch {
    return null;
  }
}
