import { readdirSync, readFileSync } from 'node:fs';
import { identifyProcess, isAlive, type ProcessIdentity } from '../state/process-identity.ts';
import { findMarked } from './marked.ts';
import type { ServiceRecord } from './records.ts';

/** What /proc says of where a process stands among others. */
export interface Standing {
  readonly pid: number;
  readonly name: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
}

/** Null: there is no such process. */
export function standingOf(pid: number): Standing | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = stat.lastIndexOf(')');
    const [, parent = 0, group = 0, session = 0] = stat
      .slice(end + 2)
      .split(' ', 4)
      .map(Number);
    return { pid, name: stat.slice(stat.indexOf('(') + 1, end), parent, group, session };
  } catch {
    return null;
  }
}

/** Of every process of this machine that can be seen. */
function allStanding(): Standing[] {
  const pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  return pids.flatMap((pid) => standingOf(Number(pid)) ?? []);
}

/**
 * The processes of a service that others started and that carries no mark: its first one, all that descend from it, and
 * who else is in the group or session that it leads. Who was once seen is known also when those above it have ended.
 *
 * Invariant: nobody is counted who can't be told from another of the same number: a group or session is followed only
 * while one of it lives that was seen before.
 */
export class Family {
  readonly #first: ProcessIdentity;
  #known: ProcessIdentity[];

  constructor(first: ProcessIdentity) {
    this.#first = first;
    this.#known = [first];
    this.look();
  }

  /** Those that live, lowest pid first. */
  look(): readonly ProcessIdentity[] {
    this.#known = this.#known.filter(isAlive);
    if (this.#known.length === 0) return [];
    const all = allStanding();
    const { pid: first } = this.#first;
    const own = new Set(this.#known.map(({ pid }) => pid));
    const known = all.filter(({ pid }) => own.has(pid));
    const leads = {
      group: known.some(({ group }) => group === first),
      session: known.some(({ session }) => session === first),
    };
    for (const { pid, group, session } of all)
      if ((leads.group && group === first) || (leads.session && session === first)) own.add(pid);
    for (let before = -1; before !== own.size; ) {
      before = own.size;
      for (const { pid, parent } of all) if (own.has(parent)) own.add(pid);
    }
    for (const { pid } of known) own.delete(pid);
    const others = [...own].flatMap((pid) => identifyProcess(pid) ?? []);
    this.#known = [...this.#known, ...others].filter(isAlive).sort((a, b) => a.pid - b.pid);
    return this.#known;
  }

  signal(signal: NodeJS.Signals): void {
    for (const identity of this.look()) {
      if (!isAlive(identity)) continue;
      try {
        process.kill(identity.pid, signal);
      } catch {
        // Ended in between.
      }
    }
  }
}

/** A look at what lives of a service whose supervisor does not: by its mark, or as the family that was adopted. */
export function lookAtRecord({ adopted, process, mark }: ServiceRecord): () => readonly ProcessIdentity[] {
  if (adopted === undefined || process === null) return () => findMarked(mark);
  const family = new Family(process);
  return () => family.look();
}
