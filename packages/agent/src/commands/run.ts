import { spawn } from 'node:child_process';
import { mkdir, readlink, rm, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Account } from '../supervisor/account.ts';
import { serviceEnvironment } from '../supervisor/environment.ts';
import { killMarked, markName } from '../supervisor/marked.ts';
import { type Kept, keepHead, keepTail } from './kept.ts';

/** One run of a package's program: never by a shell. */
export interface ProgramRun {
  readonly command: readonly string[];
  readonly workingFolder: string;
  /** Beside what services inherit. */
  readonly environment: Readonly<Record<string, string>>;
  /** Written to its standard input. */
  readonly input: string;
  readonly timeoutMs: number;
  /**
   * Where the run is noted while it lasts, so that one that outlives a killed agent is ended before the next. Null: it
   * only looks, ends nothing that runs, and may run beside others.
   */
  readonly note: string | null;
  /** Used once in a boot. */
  readonly mark: string;
  readonly signal: AbortSignal;
  /** Whose it is; absent: the agent's own user. */
  readonly account?: Account | null;
  /** How much of the end of its outputs is kept; absent: 16 KiB. */
  readonly outputBytes?: number;
  /** What it leaves running is ended with it. */
  readonly leavesNothing?: boolean;
}

export interface ProgramEnd {
  /** Null: it ended with 0. Else in a few words. */
  readonly fault: string | null;
  /** What it ended with; null where it was ended, or never started. */
  readonly code: number | null;
  /** The first 64 KiB of its standard output. */
  readonly answer: string;
  readonly isAnswerCut: boolean;
  /** By which it ended by itself or by another; null: by none. */
  readonly signal: NodeJS.Signals | null;
  /** Its time was over. */
  readonly isLate: boolean;
  /** The end of both outputs, as they came. */
  readonly output: string;
  /** Of all that it printed. */
  readonly outputSizeBytes: number;
}

const answerBytes = 64 * 1024;
const outputDefaultBytes = 16 * 1024;
/** Between SIGTERM to its group and SIGKILL to all that came from it. */
const graceMs = 2_000;
/** What it left running may hold its outputs open; nothing more is waited for. */
const drainMs = 500;

/**
 * Runs a program to its end, or to the end of its time. Invariant: of one `note` at most one run lives, also after the
 * agent was killed.
 * @throws the signal's reason when the agent ends; the program is ended then
 */
export async function runProgram(run: ProgramRun): Promise<ProgramEnd> {
  const { note, mark, signal } = run;
  signal.throwIfAborted();
  if (note !== null) {
    await endNoted(note);
    await takeNote(note, mark);
  }
  try {
    const end = await spawned(run);
    signal.throwIfAborted();
    return end;
  } finally {
    if (note !== null) await rm(note, { force: true }).catch(() => undefined);
  }
}

/** Ends what an agent that was killed left running. */
export async function endNoted(note: string): Promise<void> {
  const mark = await readlink(note).catch(() => null);
  if (mark !== null) killMarked(mark);
  await rm(note, { force: true });
}

/** A link, for its content comes to be with its name and takes no block. On a full disk the program runs without. */
async function takeNote(note: string, mark: string): Promise<void> {
  try {
    await mkdir(dirname(note), { recursive: true, mode: 0o700 });
    await symlink(mark, note);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOSPC', 'EDQUOT', 'EROFS'].includes(code)) throw error;
  }
}

function spawned(run: ProgramRun): Promise<ProgramEnd> {
  const { command, workingFolder, environment, input, timeoutMs, mark, signal, account = null } = run;
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    const answer = keepHead(answerBytes);
    const output = keepTail(run.outputBytes ?? outputDefaultBytes);
    let outputSizeBytes = 0;
    const counted: Kept = {
      ...output,
      add: (piece) => {
        outputSizeBytes += piece.length;
        output.add(piece);
      },
    };
    const child = spawn(program, args, {
      cwd: workingFolder,
      env: { ...serviceEnvironment(process.env), ...personOf(account), ...environment, [markName]: mark },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      // Root's supplementary groups are dropped with it.
      ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
    });
    const group = (name: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // It has ended.
      }
    };
    let isOver = false;
    let killing: NodeJS.Timeout | undefined;
    const end = (): void => {
      group('SIGTERM');
      killing = setTimeout(() => {
        group('SIGKILL');
        killMarked(mark);
      }, graceMs);
    };
    const timer = setTimeout(() => {
      isOver = true;
      end();
    }, timeoutMs);
    const settle = (fault: string | null, code: number | null, by: NodeJS.Signals | null = null): void => {
      clearTimeout(timer);
      clearTimeout(killing);
      signal.removeEventListener('abort', end);
      // What came from one that had to be ended goes with it.
      if (isOver || signal.aborted || run.leavesNothing === true) killMarked(mark);
      child.stdout.destroy();
      child.stderr.destroy();
      const said = {
        answer: answer.text(),
        isAnswerCut: answer.isCut(),
        signal: by,
        isLate: isOver,
        output: output.text(),
        outputSizeBytes,
      };
      resolve(
        isOver ? { fault: `did not end in ${timeoutMs} ms`, code: null, ...said } : { fault, code, ...said },
      );
    };
    signal.addEventListener('abort', end, { once: true });
    listen(child.stdout, [answer, counted]);
    listen(child.stderr, [counted]);
    child.stdin.on('error', () => undefined).end(input);
    child.once('error', ({ message }) => settle(`could not be started: ${message}`, null));
    child.once('exit', (code, by) => {
      const fault = code === 0 ? null : code === null ? `was ended by ${by}` : `ended with ${code}`;
      const drained = setTimeout(() => settle(fault, code, by), drainMs);
      child.once('close', () => {
        clearTimeout(drained);
        settle(fault, code, by);
      });
    });
  });
}

function personOf(account: Account | null): Record<string, string> {
  return account === null ? {} : { HOME: account.home, USER: account.name, LOGNAME: account.name };
}

function listen(stream: NodeJS.ReadableStream, keep: readonly Kept[]): void {
  stream.on('data', (piece: Buffer) => {
    for (const kept of keep) kept.add(piece);
  });
  stream.on('error', () => undefined);
}
