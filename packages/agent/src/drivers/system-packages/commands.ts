import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { XylemError } from '@xylem/core';
import { boundServiceLog } from '../../supervisor/service-log.ts';

export interface Ended {
  /** Null: a signal ended it. */
  readonly code: number | null;
  /** Standard output and error, the newest 64 KiB of what was asked, all of a question's. */
  readonly output: string;
}

/** Nothing of the agent's own environment, and nobody is asked anything. */
export const environment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LC_ALL: 'C.UTF-8',
  DEBIAN_FRONTEND: 'noninteractive',
  DEBIAN_PRIORITY: 'critical',
  APT_LISTCHANGES_FRONTEND: 'none',
  UCF_FORCE_CONFFOLD: '1',
  // What is to be started again is this driver's to say.
  NEEDRESTART_SUSPEND: '1',
};
const tailBytes = 64 * 1024;
const logMaxBytes = 8 * 1024 * 1024;

/** Runs a program that changes nothing, to its end. */
export function ask(program: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const [said, complained]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (piece: Buffer) => said.push(piece));
    child.stderr.on('data', (piece: Buffer) => complained.push(piece));
    child.once('error', (cause) => reject(notThere(program, cause)));
    child.once('close', (code) =>
      resolve({ code, output: Buffer.concat([...said, ...complained]).toString('utf8') }),
    );
  });
}

/**
 * Gives what a program that changes nothing prints, to `take`, as it comes.
 * @throws XylemError E_PACKAGE_FAILED when it does not end well
 */
export async function stream<T>(
  program: string,
  args: readonly string[],
  take: (output: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const complained: Buffer[] = [];
  child.stderr.on('data', (piece: Buffer) => complained.push(piece));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) => reject(notThere(program, cause)));
    child.once('close', resolve);
  });
  ended.catch(() => undefined);
  try {
    const taken = await take(child.stdout);
    const code = await ended;
    if (code === 0) return taken;
    const why = Buffer.concat(complained).toString('utf8').trim().slice(-1_000);
    throw new XylemError('E_PACKAGE_FAILED', `${program} ${args.join(' ')} ended with ${code}: ${why}`);
  } finally {
    child.kill('SIGKILL');
  }
}

/**
 * Runs a program that changes the machine, to its end: in a session of its own, its output in a file, so that the end of
 * the agent breaks nothing off.
 */
export function act(program: string, args: readonly string[], logPath: string): Promise<Ended> {
  mkdirSync(dirname(logPath), { recursive: true, mode: 0o755 });
  boundServiceLog(logPath, logMaxBytes);
  const log = openSync(logPath, 'a+', 0o600);
  const from = fstatSync(log).size;
  return new Promise<Ended>((resolve, reject) => {
    const child = spawn(program, args, { env: environment, detached: true, stdio: ['ignore', log, log] });
    child.once('error', (cause) => reject(notThere(program, cause)));
    child.once('close', (code) => resolve({ code, output: readFrom(log, from) }));
  }).finally(() => closeSync(log));
}

function readFrom(file: number, from: number): string {
  const { size } = fstatSync(file);
  const start = Math.max(from, size - tailBytes);
  const piece = Buffer.alloc(Math.max(0, size - start));
  readSync(file, piece, 0, piece.length, start);
  return piece.toString('utf8');
}

function notThere(program: string, cause: Error): XylemError {
  const why = `${program} can't be run on this host: ${cause.message}`;
  return new XylemError('E_DRIVER_UNSUPPORTED', why, { cause, retry: 'later' });
}
