import { XylemError } from '@xylem/core';
import type { Installed, PackageSystem, Simulation } from './system.ts';

export interface Judged {
  readonly component: string;
  readonly simulation: Simulation;
  readonly installed: ReadonlyMap<string, Installed>;
  /** Of what would change, what must not. */
  readonly held: readonly string[];
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
export function refuseHarm(
  { compare, holders }: Pick<PackageSystem, 'compare' | 'holders'>,
  { component, simulation, installed, held, own, others }: Judged,
): void {
  if (held.length > 0) {
    throw new XylemError(
      'E_PACKAGE_HELD',
      `${component} needs to change ${held.join(', ')}, held on this host by ${holders}.`,
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
    if (found === undefined || own.has(name) || compare(version, found.version) >= 0) continue;
    const why = `${name} ${found.version}, which others installed, would go back to ${version}`;
    throw othersPackage(component, [name], why);
  }
}

function othersPackage(component: string, packages: readonly string[], why: string): XylemError {
  return new XylemError('E_OTHERS_PACKAGE', `${component} is not installed: ${why}.`, {
    details: { packages },
  });
}
