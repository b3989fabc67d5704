import { readFileSync } from 'node:fs';

/** A process beyond doubt: a pid is used again, a pid with its start in clock ticks since a certain boot is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat; 0 where there is no /proc. */
  readonly startTicks: number;
  /** The kernel's boot id, empty where there is none. */
  readonly boot: string;
}

/** The identity of the live process `pid`, or null if there is none (a zombie counts as none). */
export function identifyProcess(pid: number): ProcessIdentity | null {
  if (process.platform !== 'linux') return signalReaches(pid) ? { pid, startTicks: 0, boot: '' } : null;
  const startTicks = startTicksOf(pid);
  return startTicks === null ? null : { pid, startTicks, boot: bootId() };
}

/** Whether that very process still lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.boot !== bootId()) return false;
  if (process.platform !== 'linux') return signalReaches(identity.pid);
  return startTicksOf(identity.pid) === identity.startTicks;
}

export function parseProcessIdentity(value: unknown): ProcessIdentity | null {
  if (typeof value !== 'object' || value === null) return null;
  const { pid, startTicks, boot } = value as Record<string, unknown>;
  if (!Number.isSafeInteger(pid) || (pid as number) < 1) return null;
  if (typeof startTicks !== 'number' || typeof boot !== 'string') return null;
  return { pid: pid as number, startTicks, boot };
}

function startTicksOf(pid: number): number | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The second field is the command in parentheses and may itself hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const ticks = Number(fields[19]);
  return state === 'Z' || state === 'X' || !Number.isFinite(ticks) ? null : ticks;
}

let knownBootId: string | undefined;

/** Of the kernel that runs now; empty where there is none. */
export function bootId(): string {
  if (knownBootId === undefined) {
    try {
      knownBootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    } catch {
      knownBootId = '';
    }
  }
  return knownBootId;
}

function signalReaches(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
