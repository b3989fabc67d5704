import { readdirSync, readFileSync } from 'node:fs';
import { identifyProcess, type ProcessIdentity } from '../state/process-identity.ts';

/** Set in each service's environment; descendants inherit it, so they are found however they fork. */
export const markName = 'XYLEM_SUPERVISED';

/** Every live process of this user that carries the mark, lowest pid first. */
export function findMarked(mark: string): ProcessIdentity[] {
  const needle = `${markName}=${mark}`;
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  const found: ProcessIdentity[] = [];
  for (const name of names) {
    if (!/^[0-9]+$/.test(name)) continue;
    let environment: string;
    try {
      environment = readFileSync(`/proc/${name}/environ`, 'latin1');
    } catch {
      continue;
    }
    if (!environment.split('\0').includes(needle)) continue;
    const identity = identifyProcess(Number(name));
    if (identity !== null) found.push(identity);
  }
  return found.sort((a, b) => a.pid - b.pid);
}

/** Kills what is left of a service that has ended or must end. Returns how many it found. */
export function killMarked(mark: string): number {
  const left = findMarked(mark);
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself in between.
    }
  }
  return left.length;
}

/** The process that was started for the mark: it leads its own session. Null when only descendants, or none, are left. */
export function findMarkedLeader(mark: string): ProcessIdentity | null {
  return findMarked(mark).find(({ pid }) => sessionOf(pid) === pid) ?? null;
}

function sessionOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
  } catch {
    return null;
  }
}
