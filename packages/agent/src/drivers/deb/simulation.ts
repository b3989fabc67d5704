import { XylemError } from '@xylem/core';
import type { Installed } from './status.ts';
import { compareDebVersions } from './versions.ts';

/** What apt would do, by its own simulation. */
export interface Simulation {
  /** Names to the version that would be installed. */
  readonly installs: ReadonlyMap<string, string>;
  readonly removes: readonly string[];
}

/** Reads what `apt-get --simulate` prints. Pure. */
export function parseSimulation(output: string): Simulation {
  const installs = new Map<string, string>();
  const removes: string[] = [];
  for (const line of output.split('\n')) {
    const [, act = '', name = '', rest = ''] = /^(Inst|Remv|Purg) (\S+)(.*)$/.exec(line) ?? [];
    if (act === 'Inst') installs.set(name, /\((\S+)/.exec(rest)?.[1] ?? '');
    else if (act !== '') removes.push(name);
  }
  return { installs, removes };
}

export interface Judged {
  readonly component: string;
  readonly simulation: Simulation;
  readonly installed: ReadonlyMap<string, Installed>;
  /** What this component changed before: its own to remove, and to set back. */
  readonly own: ReadonlyMap<string, { readonly before: string | null }>;
  /** What another component keeps at a version, and which. */
  readonly others: ReadonlyMap<string, { readonly component: string; readonly version: string }>;
}

/**
 * What must not happen to a host's packages: nothing that others installed is removed or set back, no held one changes.
 * Pure.
 * @throws XylemError E_PACKAGE_HELD, E_OTHERS_PACKAGE
 */
export function refuseHarm({ component, simulation, installed, own, others }: Judged): void {
  const changes = [...simulation.installs.keys(), ...simulation.removes];
  const held = changes.filter((name) => installed.get(name)?.held === true);
  if (held.length > 0) {
    throw new XylemError(
      'E_PACKAGE_HELD',
      `${component} needs to change ${held.join(', ')}, held on this host by apt-mark or dpkg.`,
      { details: { packages: held } },
    );
  }
  const removed = simulation.removes.filter((name) => own.get(name)?.before !== null);
  if (removed.length > 0)
    throw othersPackage(component, removed, `${removed.join(', ')} would be removed, which others installed`);
  for (const [name, version] of simulation.installs) {
    const found = installed.get(name);
    const other = others.get(name);
    if (other !== undefined && other.version !== version) {
      const why = `${name} would become ${version}, and ${other.component} keeps it at ${other.version}`;
      throw othersPackage(component, [name], why);
    }
    if (found === undefined || own.has(name) || compareDebVersions(version, found.version) >= 0) continue;
    const why = `${name} ${found.version}, which others installed, would go back to ${version}`;
    throw othersPackage(component, [name], why);
  }
}

/** Which of a component's own packages go back, or away, so that apt may be told to let them. Pure. */
export function goesBack({ installs }: Simulation, installed: ReadonlyMap<string, Installed>): boolean {
  return [...installs].some(([name, version]) => {
    const found = installed.get(name);
    return found !== undefined && compareDebVersions(version, found.version) < 0;
  });
}

function othersPackage(component: string, packages: readonly string[], why: string): XylemError {
  return new XylemError('E_OTHERS_PACKAGE', `${component} is not installed: ${why}.`, {
    details: { packages },
  });
}
