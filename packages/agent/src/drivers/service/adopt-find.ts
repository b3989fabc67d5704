import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, sep } from 'node:path';
import type { Difference } from '../../adopt/differences.ts';
import { identifyProcess, type ProcessIdentity } from '../../state/process-identity.ts';
import { serviceEnvironment } from '../../supervisor/environment.ts';
import { type Standing, standingOf } from '../../supervisor/family.ts';
import { markName } from '../../supervisor/marked.ts';
import type { ServiceSpec } from '../../supervisor/protocol.ts';
import { isSameFile, processDifferences, readProcess, type SeenProcess } from './adopt-process.ts';

/** A process that runs a program of the package, as the package says or not. */
export interface Candidate {
  readonly process: ProcessIdentity;
  readonly standing: Standing;
  /** From what a start by the package would be. */
  readonly differences: readonly Difference[];
}

/** Where a package's tree is for now, and where it will be. */
export interface Where {
  readonly path: string;
  readonly tree: string;
}

/** A process, and the names that its command line and its program bear. */
export interface Listed {
  readonly pid: number;
  readonly names: readonly string[];
}

/** All of this machine that are no threads of the kernel. */
export function listProcesses(): Listed[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isSafeInteger);
  return pids.flatMap((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (words.length < 2) return [];
      const program = readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
      return [{ pid, names: [program, ...words].map((word) => basename(word)) }];
    } catch {
      return [];
    }
  });
}

/**
 * What runs of `spec` from the folder `path`, started by others: every process of this machine whose program, or a word
 * of whose command line, is the first file of that folder that the package's command names. Those of Xylem, those above
 * this process, and those that see other files than this host's are none.
 * @param environment all variables that the package sets, sealed ones too
 * @param listed absent: as it is now
 */
export async function candidatesOf(
  spec: ServiceSpec,
  environment: Readonly<Record<string, string>>,
  where: Where,
  listed: readonly Listed[] = listProcesses(),
): Promise<Candidate[]> {
  const own = ownFile(spec, where);
  const above = ancestors(process.pid);
  const found: Candidate[] = [];
  const wanted = basename(own ?? spec.command[0] ?? '');
  for (const { pid, names } of listed) {
    if (above.has(pid) || !names.includes(wanted)) continue;
    const identity = identifyProcess(pid);
    const seen = await readProcess(pid);
    const standing = standingOf(pid);
    if (identity === null || seen === null || standing === null) continue;
    if (seen.variables[markName] !== undefined || !seesSameFiles(pid)) continue;
    if (!isOf(seen, own, spec, where)) continue;
    const differences = [
      ...processDifferences(seen, { ...spec, environment }, where),
      ...startDifferences(seen, environment, where),
    ];
    found.push({ process: identity, standing, differences });
  }
  return found;
}

/** Those that are not started by another of them. Pure. */
export function leadersOf(candidates: readonly Candidate[]): readonly Candidate[] {
  const pids = new Set(candidates.map(({ process: { pid } }) => pid));
  return candidates.filter(({ standing }) => !pids.has(standing.parent));
}

/** The first file below `path` that the command names; null: it names none. */
function ownFile({ command }: ServiceSpec, { path, tree }: Where): string | null {
  for (const word of command) {
    const here = word.replaceAll(tree, path);
    const file = isAbsolute(here) ? here : join(path, here);
    const isBelow = file.startsWith(`${path}${sep}`);
    if (isBelow && statSync(file, { throwIfNoEntry: false })?.isFile() === true) return file;
  }
  return null;
}

function isOf(
  { program, command, folder }: SeenProcess,
  own: string | null,
  spec: ServiceSpec,
  where: Where,
) {
  const runs = program.replace(/ \(deleted\)$/, '');
  if (own !== null)
    return isSameFile(runs, own, folder) || command.some((word) => isSameFile(word, own, folder));
  return isSameFile(runs, spec.command[0] ?? '', folder) && isSameFile(folder, where.path, '/');
}

/** A process in a container has files of its own, whatever their paths are. */
function seesSameFiles(pid: number): boolean {
  try {
    const own = readlinkSync('/proc/self/ns/mnt');
    return readlinkSync(`/proc/${pid}/ns/mnt`) === own && readlinkSync(`/proc/${pid}/root`) === '/';
  } catch {
    return false;
  }
}

/** What shells, sessions, init and cron leave in the environment of what they start. */
const incidental =
  /^(_|SHLVL|(OLD)?PWD|TERM|COLORTERM|SHELL|MAIL|HOSTNAME|LANGUAGE|LC_.+|LS_COLORS|LESS.*|EDITOR|VISUAL|PAGER|PS[1-4]|HIST.*|DISPLAY|XAUTHORITY|(XDG|SSH|SUDO|TMUX|DPKG)_.+|TMUX|STY|DBUS_SESSION_BUS_ADDRESS|DEBIAN_FRONTEND|MOTD_SHOWN|INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID|MANAGERPID|RUNLEVEL|PREVLEVEL|INIT_VERSION|BOOT_IMAGE|CONSOLE|BOOTIF|init|rootmnt|runlevel|previous)$/;

/** What a start by the package would not have given it, and it might need. */
function startDifferences(
  { folder, variables }: SeenProcess,
  environment: Readonly<Record<string, string>>,
  { path }: Where,
): Difference[] {
  const found: Difference[] = [];
  // Daemons go to the root by themselves.
  if (folder !== '/' && !isSameFile(folder, path, '/'))
    found.push({ path: 'its working folder', what: 'is another' });
  const given = new Set([...Object.keys(environment), ...Object.keys(serviceEnvironment(variables))]);
  for (const name of Object.keys(variables)) {
    if (given.has(name) || incidental.test(name)) continue;
    found.push({ path: `its variable ${name}`, what: 'is set, and not by the package', extra: true });
  }
  return found;
}

function ancestors(pid: number): ReadonlySet<number> {
  const found = new Set<number>();
  for (let at = pid; at > 0 && !found.has(at); at = standingOf(at)?.parent ?? 0) found.add(at);
  return found;
}
