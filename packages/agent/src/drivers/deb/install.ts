import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { localPolicy } from '../../policy/local-policy.ts';
import type { Placed } from '../../slot/placed.ts';
import type { DriverTools } from '../driver.ts';
import { type AptRequest, carryOut, simulate } from './apt.ts';
import { currentBoot } from './boot.ts';
import type { Ended } from './commands.ts';
import { allRecords, keptByOthers, type Records, recordFile } from './others.ts';
import type { Changed, PackagesRecord } from './record.ts';
import { hasRoom } from './room.ts';
import { goesBack, refuseHarm, type Simulation } from './simulation.ts';
import { type Installed, type PackageStatus, packageStatus } from './status.ts';
import { carriedBy, keyOf, type PackageAt, wantedBy } from './wanted.ts';

/** What an installation would change, judged: nothing of it harms what others installed. */
export interface InstallPlan {
  readonly request: AptRequest;
  readonly simulation: Simulation;
  readonly status: PackageStatus;
  readonly records: Records;
}

/**
 * Looks what would be changed and whether it may be.
 * @throws XylemError E_DEPENDENCY, E_PACKAGE_HELD, E_OTHERS_PACKAGE, E_PACKAGE_SYSTEM, E_DISK_FULL
 */
export async function planInstall(target: Placed, tools: DriverTools): Promise<InstallPlan> {
  const { component } = target;
  const status = await packageStatus();
  const records = await allRecords(tools);
  const { what, again } = wordsFor(target, status);
  const request: AptRequest = {
    component,
    verb: 'install',
    what,
    again,
    candidates: candidatesOf(target, records, tools),
    hostSources: (await localPolicy()).packages.hostSources,
  };
  const simulation = await simulate(request, tools);
  refuseHarm({
    component,
    simulation,
    installed: status.installed,
    own: new Map(Object.entries(records.get(component)?.packages ?? {})),
    others: keptByOthers(records, component, status.native),
  });
  const sizes = carriedBy(target).filter(({ package: name, architecture, version }) => {
    return simulation.installs.get(keyOf(name, architecture, status.native)) === version;
  });
  await hasRoom(component, sizes);
  return { request, simulation, status, records };
}

/** What to ask apt for. What was broken off half-way has its version already, and apt would leave it so. */
function wordsFor(target: Placed, { installed, native }: PackageStatus): { what: string[]; again: boolean } {
  const carried = carriedBy(target).map((one) => ({
    one,
    found: installed.get(keyOf(one.package, one.architecture, native)),
  }));
  const asked = carried.filter(({ one, found }) => one.asNeeded === undefined || found?.whole === false);
  return {
    what: asked.map(({ one }) => `${keyOf(one.package, one.architecture, native)}=${one.version}`),
    again: asked.some(({ one, found }) => found?.whole === false && found.version === one.version),
  };
}

/** All that this host's releases carry: its own first, then what other components brought. */
function candidatesOf(target: Placed, records: Records, { layout }: DriverTools): string[] {
  const own = layout.component(target.component).tree(target.tree);
  const paths = carriedBy(target).map(({ file }) => join(own, file));
  for (const [other, { files }] of records) {
    if (other === target.component) continue;
    const { current } = layout.component(other);
    paths.push(...files.map((file) => join(current, file)));
  }
  return paths;
}

/**
 * Installs what the target wants; what is right already stays untouched. Whether anything changed.
 * @throws XylemError also E_PACKAGE_FAILED, with the output
 */
export async function install(target: Placed, plan: InstallPlan, tools: DriverTools): Promise<boolean> {
  const { request, simulation, status, records } = plan;
  const file = recordFile(target.component, tools);
  const before = records.get(target.component) ?? null;
  const changes = simulation.installs.size + simulation.removes.length > 0;
  // Before anything acts: what was there can't be seen afterwards.
  await file.write(recordOf(target, plan, before, changes));
  if (changes || hasBroken(status.installed)) {
    const may = {
      remove: simulation.removes.length > 0,
      goBack: goesBack(simulation, status.installed),
    };
    const ended = await carryOut(request, may, tools);
    // Where all of its own is well, another package's trouble is not this component's.
    if (ended.code !== 0 && (await missing(target)).length > 0) throw failure(target, ended);
  }
  const wrong = await missing(target);
  if (wrong.length > 0) {
    const list = wrong.map(({ package: name, version }) => `${name} is ${version}`).join(', ');
    const why = `apt-get ended well, and still ${list}`;
    throw new XylemError('E_PACKAGE_FAILED', `${target.component} ${target.version}: ${why}.`);
  }
  return changes;
}

function hasBroken(installed: ReadonlyMap<string, Installed>): boolean {
  return [...installed.values()].some(({ whole }) => !whole);
}

function recordOf(
  target: Placed,
  { simulation, status }: InstallPlan,
  before: PackagesRecord | null,
  changes: boolean,
): PackagesRecord {
  const wanted = wantedBy(target);
  const packages: Record<string, Changed> = { ...before?.packages };
  const led = new Map(simulation.installs);
  for (const one of wanted) led.set(keyOf(one.package, one.architecture, status.native), one.version);
  for (const [name, version] of led) {
    const was = packages[name]?.before;
    packages[name] = {
      before: was === undefined ? (status.installed.get(name)?.version ?? null) : was,
      version,
    };
  }
  return {
    tree: target.tree,
    wanted,
    files: carriedBy(target).map((one) => one.file),
    packages,
    changedIn: changes ? currentBoot() : (before?.changedIn ?? null),
    stale: before?.stale ?? [],
  };
}

const mostText = 1_800;

function failure(target: Placed, { code, output }: Ended): XylemError {
  const text = output.trim().slice(-mostText);
  const what = `${target.component} ${target.version}`;
  if (/No space left on device|Disk quota exceeded/.test(output))
    return new XylemError('E_DISK_FULL', `The disk is full. ${what} could not be installed: ${text}`);
  if (code === null || /received signal|exited unexpectedly|killed by signal/.test(output))
    return new XylemError('E_PACKAGE_SYSTEM', `Installing ${what} was broken off by a signal: ${text}`);
  return new XylemError(
    'E_PACKAGE_FAILED',
    `${what} could not be installed, apt-get says (status ${code}): ${text}`,
  );
}

/** What of the target is not there as it should be. */
async function missing(target: Placed): Promise<PackageAt[]> {
  const { installed, native } = await packageStatus();
  const wanted = wantedBy(target);
  return foundOf(wanted, installed, native).filter(({ version }, i) => version !== wanted[i]?.version);
}

/** What is there of what is wanted, one for one; "absent", or how it is broken, in the place of a version. Pure. */
export function foundOf(
  wanted: readonly PackageAt[],
  installed: ReadonlyMap<string, Installed>,
  native: string,
): PackageAt[] {
  return wanted.map((one) => {
    const found = installed.get(keyOf(one.package, one.architecture, native));
    if (found === undefined) return { ...one, version: 'absent' };
    return { ...one, version: found.whole ? found.version : `half installed (${found.version})` };
  });
}
