import { readdirSync, readFileSync, statSync } from 'node:fs';
import { forwarderComponent } from '../../router/builtin/protocol.ts';
import { identifyProcess, isAlive } from '../../state/process-identity.ts';
import { markName } from '../../supervisor/marked.ts';
import type { DriverTools } from '../driver.ts';
import { ask } from './commands.ts';
import type { StaleProcess } from './record.ts';

/** A process that runs with files that are no more, and what would start it again. */
interface Found extends StaleProcess {
  /** Of systemd; null: it belongs to none, or to one that is not this driver's to start again. */
  readonly unit: string | null;
  /** By which the supervisor knows its services. */
  readonly mark: string | null;
}

/**
 * The processes of this very system (not those of containers and chroots beside it) that still map files of these names
 * which are no more.
 */
function findStale(files: readonly string[]): Found[] {
  if (files.length === 0) return [];
  const names = new Set(files.flatMap(namesOfFile));
  const found: Found[] = [];
  for (const pid of readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)) {
    const identity = isOfThisSystem(pid) && mapsDeleted(pid, names) ? identifyProcess(pid) : null;
    if (identity === null) continue;
    const name = `${read(`/proc/${pid}/comm`).trim()} (${pid})`;
    found.push({ identity, name, unit: pid === process.pid ? null : unitOf(pid), mark: markOf(pid) });
  }
  return found;
}

/** As a process may have it mapped: below /usr, and of a library its name without the version. Pure. */
function namesOfFile(path: string): string[] {
  if (!path.startsWith('/')) return [];
  const merged = /^\/(lib|bin|sbin)/.test(path) ? `/usr${path}` : path;
  return [...new Set([path, merged].map((one) => one.replace(/\.so(\.[^/]*)?$/, '.so')))];
}

function mapsDeleted(pid: number, names: ReadonlySet<string>): boolean {
  const ending = ' (deleted)';
  return read(`/proc/${pid}/maps`)
    .split('\n')
    .filter((line) => line.endsWith(ending))
    .map((line) => line.slice(line.indexOf('/'), -ending.length))
    .some((path) => namesOfFile(path).some((name) => names.has(name)));
}

function isOfThisSystem(pid: number): boolean {
  try {
    const [own, other] = [statSync('/'), statSync(`/proc/${pid}/root/`)];
    return own.dev === other.dev && own.ino === other.ino;
  } catch {
    return false;
  }
}

/** Started again, these end sessions, the bus, the agent itself, or the connections that its forwarder holds. */
const leftAlone =
  /^(dbus|dbus-broker|systemd-logind|(serial-)?getty@.*|user@.*|gdm3?|sddm|lightdm|xylem(?!-service-(?!@)).*)\.service$/;

/** The system's service to which a process belongs, by its control group. */
function unitOf(pid: number): string | null {
  const path = /^(?:0:|\d+:name=systemd):(.*)$/m.exec(read(`/proc/${pid}/cgroup`))?.[1] ?? '';
  const unit = path.split('/').findLast((part) => part.endsWith('.service')) ?? null;
  return unit === null || path.startsWith('/user.slice') || leftAlone.test(unit) ? null : unit;
}

function markOf(pid: number): string | null {
  const set = read(`/proc/${pid}/environ`).split('\0');
  return set.find((variable) => variable.startsWith(`${markName}=`)) ?? null;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Starts again what runs with replaced files of packages, where it is a service of Xylem's or of systemd's.
 * @param files of those packages
 * @param restart false: only looks
 * @returns who still does
 */
export async function restartStale(
  files: readonly string[],
  restart: boolean,
  tools: DriverTools,
): Promise<StaleProcess[]> {
  const found = findStale(files);
  if (restart && found.length > 0) {
    await restartSupervised(found, tools);
    const units = new Set(found.flatMap(({ unit, mark }) => (unit === null || mark !== null ? [] : [unit])));
    for (const unit of [...units].sort()) {
      tools.log.info('unit started again: it ran with replaced files', { unit });
      const { code, output } = await ask('systemctl', ['try-restart', unit]);
      if (code !== 0) tools.log.warn('unit not started again', { unit, output: output.trim().slice(-500) });
    }
  }
  return found.filter(({ identity }) => isAlive(identity)).map(({ identity, name }) => ({ identity, name }));
}

/** Ended here; the next pass finds that they should run. */
async function restartSupervised(found: readonly Found[], { supervisor, log }: DriverTools): Promise<void> {
  const marks = new Set(found.map(({ mark }) => mark).filter((mark) => mark !== null));
  if (marks.size === 0) return;
  for (const { component, instance, process: running } of await supervisor.list()) {
    const mark = running === null ? null : markOf(running.pid);
    if (mark === null || !marks.has(mark) || component === forwarderComponent) continue;
    log.info('service started again: it ran with replaced files', { component });
    await supervisor.stop(instance ?? component, stopMs);
  }
}

const stopMs = 10_000;
