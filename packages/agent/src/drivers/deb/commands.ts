import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { XylemError } from '@xylem/core';
import { boundServiceLog } from '../../supervisor/service-log.ts';
import type { DriverTools } from '../driver.ts';

export interface Ended {
  /** Null: a signal ended it. */
  readonly code: number | null;
  /** Standard output and error, the newest 64 KiB of what was asked, all of a question's. */
  readonly output: string;
}

/** Nothing of the agent's own environment, and nobody is asked anything. */
const environment: Readonly<Record<string, string>> = {
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
    const pieces: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece: Buffer) => pieces.push(piece));
    child.once('error', (cause) => reject(notThere(program, cause)));
    child.once('close', (code) => resolve({ code, output: Buffer.concat(pieces).toString('utf8') }));
  });
}

/**
 * Runs a program that changes the machine, to its end: in a session of its own, its output in a file, so that the end of
 * the agent breaks nothing off.
 */
function act(program: string, args: readonly string[], logPath: string): Promise<Ended> {
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

const lockWaitMs = 60_000;
const lockLookMs = 500;

/**
 * Runs what needs dpkg's lock; while another program has it, waits for a minute.
 * @throws XylemError E_PACKAGE_SYSTEM naming who has the lock
 */
export async function actLocked(
  program: string,
  args: readonly string[],
  component: string,
  tools: DriverTools,
): Promise<Ended> {
  const { log: logPath } = tools.layout.component(component);
  const deadlineMs = tools.clock.monotonicMs() + lockWaitMs;
  for (;;) {
    const ended = await act(program, args, logPath);
    if (!isLocked(ended)) return ended;
    if (tools.clock.monotonicMs() > deadlineMs) {
      throw new XylemError(
        'E_PACKAGE_SYSTEM',
        `${component} waited ${lockWaitMs / 1000} s for dpkg's lock: ${await holderOf(ended.output)} has it.`,
      );
    }
    await tools.clock.sleep(lockLookMs, tools.signal);
  }
}

/** Both say so in these words, dpkg with the status 2, apt with 100. Pure. */
function isLocked({ code, output }: Ended): boolean {
  return code !== 0 && /lock was locked by another process|Could not get lock/.test(output);
}

async function holderOf(output: string): Promise<string> {
  const pid = /(?:with pid|by process) ([0-9]+)/.exec(output)?.[1];
  if (pid === undefined) return 'another program';
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return `process ${pid} (${command.split('\0').join(' ').trim().slice(0, 200) || 'gone since'})`;
}
