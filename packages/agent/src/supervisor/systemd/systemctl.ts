import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { XylemError } from '@xylem/core';
import type { LastExit } from '../protocol.ts';

/** What systemd says of one unit. */
export interface UnitStatus {
  /** `active`, `activating`, `inactive`, `failed`, … */
  readonly active: string;
  /** It is about to start or stop. */
  readonly hasJob: boolean;
  /** False: systemd knows of no such unit. */
  readonly isLoaded: boolean;
  /** 0: none. */
  readonly pid: number;
  readonly restarts: number;
  /** Epoch milliseconds, 0: never. */
  readonly startedAt: number;
  /** How its main process ended last; null while it runs, or never ran. */
  readonly exit: LastExit | null;
  readonly isMemory: boolean;
  /** Of its last start; empty: none. */
  readonly invocation: string;
}

const properties = [
  'Id',
  'LoadState',
  'ActiveState',
  'MainPID',
  'NRestarts',
  'ExecMainStartTimestamp',
  'ExecMainExitTimestamp',
  'ExecMainCode',
  'ExecMainStatus',
  'Result',
  'InvocationID',
  'Job',
];
const answerMs = 30_000;
const syncMs = 10_000;
const [exited, killed, dumped] = ['1', '2', '3'];
/** Exit codes by which systemd says that it could not start a program. */
const notStarted: Readonly<Record<number, string>> = {
  200: 'its folder could not be entered',
  203: 'its program could not be executed',
  216: 'its group is not known',
  217: 'its user is not known',
  226: 'its view of the file system could not be made',
};

/** Whether this host is run by systemd, and by this very process's user. */
export function isSystemdHost(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/run/systemd/system'))
    return false;
  try {
    return readFileSync('/proc/1/comm', 'utf8').trim() === 'systemd';
  } catch {
    return false;
  }
}

/**
 * @param signal no longer waits; what systemd was asked for goes on
 * @throws XylemError E_SUPERVISOR with what systemctl said; the signal's reason
 */
export function systemctl(
  words: readonly string[],
  timeoutMs = answerMs,
  signal?: AbortSignal,
): Promise<string> {
  return say('systemctl', ['--no-ask-password', ...words], timeoutMs, signal);
}

/**
 * What a unit's processes wrote last, all of it: the journal may lag behind a process that has ended.
 * @param only fields of which one must be so, such as `_COMM=conmon`; none: everything
 * @param invocation one start of it; empty: any
 */
export async function journalOf(
  unit: string,
  only: readonly string[] = [],
  invocation = '',
): Promise<string> {
  // What it has already is better than nothing.
  await say('journalctl', ['--sync'], syncMs).catch(() => undefined);
  const own = [
    `_SYSTEMD_UNIT=${unit}`,
    ...(invocation === '' ? [] : [`_SYSTEMD_INVOCATION_ID=${invocation}`]),
  ];
  const fields = only.length === 0 ? own : only.flatMap((field) => ['+', ...own, field]).slice(1);
  return await say('journalctl', ['--no-pager', '-o', 'cat', '-n', '20', ...fields], answerMs);
}

function say(
  program: string,
  words: readonly string[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const settings = {
      timeout: timeoutMs,
      maxBuffer: 16 * 2 ** 20,
      env: { ...process.env, TZ: 'UTC', LC_ALL: 'C.UTF-8' },
      ...(signal === undefined ? {} : { signal }),
    };
    execFile(program, [...words], settings, (cause, stdout, stderr) => {
      if (cause === null) return resolve(stdout);
      if (signal?.aborted === true) return reject(signal.reason);
      const said = stderr.trim().slice(0, 1_000) || cause.message;
      reject(new XylemError('E_SUPERVISOR', `${program} ${words.join(' ')}: ${said}`, { cause }));
    });
  });
}

export async function versionOfSystemd(): Promise<number> {
  return Number(/^systemd (\d+)/.exec(await systemctl(['--version']))?.[1] ?? 0);
}

/** Of each unit, in any order. */
export async function statusOf(units: readonly string[]): Promise<Map<string, UnitStatus>> {
  if (units.length === 0) return new Map();
  const text = await systemctl(['show', '--property', properties.join(','), '--', ...units]);
  return new Map(text.trim().split(/\n\n+/).map(parseStatus));
}

/** One block of `systemctl show`. Pure. */
function parseStatus(block: string): [string, UnitStatus] {
  const at = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const of = (name: string): string => at.get(name) ?? '';
  const status = Number(of('ExecMainStatus'));
  const code = of('ExecMainCode');
  const isKilled = code === killed || code === dumped;
  const why = code === exited ? notStarted[status] : undefined;
  const ended: LastExit = {
    code: code === exited && why === undefined ? status : null,
    signal: isKilled ? signalName(status) : null,
    error: why ?? null,
    at: timeOf(of('ExecMainExitTimestamp')),
  };
  const hasEnded = code === exited || isKilled;
  return [
    of('Id'),
    {
      active: of('ActiveState'),
      hasJob: Number(of('Job')) > 0,
      isLoaded: of('LoadState') === 'loaded',
      pid: Number(of('MainPID')),
      restarts: Number(of('NRestarts')),
      startedAt: timeOf(of('ExecMainStartTimestamp')),
      exit: hasEnded && Number(of('MainPID')) === 0 ? ended : null,
      isMemory: of('Result') === 'oom-kill',
      invocation: of('InvocationID'),
    },
  ];
}

const signalName = (number: number): string =>
  Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`;

/** `Sat 2026-11-21 13:34:35 UTC`. */
function timeOf(text: string): number {
  const [, day, time] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/.exec(text) ?? [];
  return day === undefined ? 0 : Date.parse(`${day}T${time}Z`);
}
