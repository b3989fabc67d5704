import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { localPolicy } from '../../policy/local-policy.ts';
import type { Placed } from '../../slot/placed.ts';
import type { DriverTools } from '../driver.ts';
import { currentBoot } from './boot.ts';
import { refuseHarm } from './harm.ts';
import { allRecords, keptByOthers, type Records, recordFile } from './others.ts';
import type { Changed, PackagesRecord } from './record.ts';
import { hasRoom, isFull } from './room.ts';
import type {
  InstallEnd,
  Installed,
  InstallRequest,
  PackageStatus,
  PackageSystem,
  Simulation,
} from './system.ts';
import { carriedBy, keyOf, type PackageAt, packageAt, wantedBy } from './wanted.ts';

/** What an installation would change, judged: nothing of it harms what others installed. */
export interface InstallPlan {
  readonly request: InstallRequest;
  readonly simulation: Simulation;
  readonly status: PackageStatus;
  readonly records: Records;
}

/**
 * Looks what would be changed and whether it may be.
 * @throws XylemError E_DEPENDENCY, E_PACKAGE_HELD, E_OTHERS_PACKAGE, E_PACKAGE_SYSTEM, E_DISK_FULL
 */
export async function planInstall(
  system: PackageSystem,
  target: Placed,
  tools: DriverTools,
): Promise<InstallPlan> {
  const { component } = target;
  const status = await system.status();
  const records = await allRecords(system.kind, tools);
  const own = records.get(component) ?? null;
  const others = keptByOthers(records, component, status.native);
  const request: InstallRequest = {
    component,
    ...askedFor(target, status, own?.unfinished === true),
    candidates: candidatesOf(target, records, tools),
    free: own === null ? [] : freeOf(target, own, others, status),
    hostSources: (await localPolicy()).packages.hostSources,
  };
  const simulation = await system.simulateInstall(request, tools);
  refuseHarm(system, {
    component,
    simulation,
    installed: status.installed,
    held: await system.held(simulation, status),
    own: new Map(Object.entries(own?.packages ?? {})),
    others,
  });
  const sizes = carriedBy(target).filter(({ package: name, architecture, version }) => {
    return simulation.installs.get(keyOf(name, architecture, status.native)) === version;
  });
  await hasRoom(component, sizes);
  return { request, simulation, status, records };
}

/** What was broken off half-way may have its version already, and would be left so. */
function askedFor(
  target: Placed,
  { installed, native }: PackageStatus,
  unfinished: boolean,
): Pick<InstallRequest, 'wanted' | 'again'> {
  const carried = carriedBy(target).map((one) => ({
    one,
    found: installed.get(keyOf(one.package, one.architecture, native)),
  }));
  const isBroken = ({ one, found }: (typeof carried)[number]): boolean =>
    found?.version === one.version && (unfinished || !found.whole);
  const asked = carried.filter(
    (it) => it.one.asNeeded === undefined || it.found?.whole === false || isBroken(it),
  );
  return {
    wanted: asked.map(({ one }) => packageAt(one)),
    again: asked.some(isBroken),
  };
}

/** What this component brought, carries no more, and nobody holds back or wants. */
function freeOf(
  target: Placed,
  { packages }: PackagesRecord,
  others: ReadonlyMap<string, unknown>,
  { installed, native }: PackageStatus,
): string[] {
  const carried = new Set(carriedBy(target).map((one) => keyOf(one.package, one.architecture, native)));
  return Object.keys(packages).filter(
    (name) =>
      packages[name]?.before === null &&
      !carried.has(name) &&
      !others.has(name) &&
      installed.get(name)?.held === false,
  );
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
 * Installs what the target wants; what is right already stays untouched.
 * @throws XylemError also E_PACKAGE_FAILED, with the output
 */
export async function install(
  system: PackageSystem,
  target: Placed,
  plan: InstallPlan,
  tools: DriverTools,
): Promise<void> {
  const { request, simulation, status, records } = plan;
  const file = recordFile(target.component, tools);
  const before = records.get(target.component) ?? null;
  const changes = simulation.installs.size + simulation.removes.length > 0;
  // Before anything acts: what was there can't be seen afterwards.
  const record = recordOf(system, target, plan, before, changes);
  await file.write(changes && !system.tellsBroken ? { ...record, unfinished: true } : record);
  if (changes || hasBroken(status.installed)) {
    const may = {
      remove: simulation.removes.length > 0,
      goBack: goesBack(system, simulation, status.installed),
    };
    const ended = await system.install(request, may, tools);
    // Where all of its own is well, another package's trouble is not this component's.
    if (ended.isPartial || (ended.code !== 0 && (await missing(system, target)).length > 0))
      throw failure(system, target, ended, await isFull());
  }
  const wrong = await missing(system, target);
  if (wrong.length > 0) {
    const list = wrong.map(({ package: name, version }) => `${name} is ${version}`).join(', ');
    const why = `${system.name} ended well, and still ${list}`;
    throw new XylemError('E_PACKAGE_FAILED', `${target.component} ${target.version}: ${why}.`);
  }
  if (!system.tellsBroken) await file.write(record);
}

/** Which packages go back, so that the package system may be told to let them. */
function goesBack(
  { compare }: PackageSystem,
  { installs }: Simulation,
  installed: ReadonlyMap<string, Installed>,
): boolean {
  return [...installs].some(([name, version]) => {
    const found = installed.get(name);
    return found !== undefined && compare(version, found.version) < 0;
  });
}

function hasBroken(installed: ReadonlyMap<string, Installed>): boolean {
  return [...installed.values()].some(({ whole }) => !whole);
}

function recordOf(
  { kind }: PackageSystem,
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
    kind,
    tree: target.tree,
    wanted,
    files: carriedBy(target).map((one) => one.file),
    packages,
    changedIn: changes ? currentBoot() : (before?.changedIn ?? null),
    ...(changes || before?.asked === undefined ? {} : { asked: before.asked }),
    stale: before?.stale ?? [],
  };
}

const mostText = 1_800;

function failure(
  { name }: PackageSystem,
  target: Placed,
  { code, output }: InstallEnd,
  isDiskFull: boolean,
): XylemError {
  const text = output.trim().slice(-mostText);
  const what = `${target.component} ${target.version}`;
  if (isDiskFull || /No space left on device|Disk quota exceeded/.test(output))
    return new XylemError('E_DISK_FULL', `The disk is full. ${what} could not be installed: ${text}`);
  if (code === null || /received signal|exited unexpectedly|killed by signal/.test(output))
    return new XylemError('E_PACKAGE_SYSTEM', `Installing ${what} was broken off by a signal: ${text}`);
  return new XylemError(
    'E_PACKAGE_FAILED',
    `${what} could not be installed, ${name} says (status ${code}): ${text}`,
  );
}

/** What of the target is not there as it should be. */
async function missing(system: PackageSystem, target: Placed): Promise<PackageAt[]> {
  const { installed, native } = await system.status();
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
