import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import type { Difference } from '../../adopt/differences.ts';
import type { Placed } from '../../slot/placed.ts';
import { slotFile } from '../../slot/record.ts';
import type { DriverAdoption, DriverTools } from '../driver.ts';
import { foundOf, planInstall } from './install.ts';
import { allRecords, keptByOthers, recordFile } from './others.ts';
import type { Changed } from './record.ts';
import type { PackageStatus, PackageSystem, Verified } from './system.ts';
import { carriedBy, keyOf, type PackageAt, wantedBy } from './wanted.ts';

const mostFound = 10;
/** A report takes no longer words. */
const mostCharacters = 200;

/**
 * Packages that somebody installed are adopted where they are those of the release, whole, and have its bytes: only
 * `packages.json` is written, as an installation would have left it.
 */
export function adoptPackages(system: PackageSystem): DriverAdoption {
  return {
    keeps: ['switch', 'commit', 'retire'],
    refusal: () => null,
    found: async (target) => {
      if (!system.isThere()) return [`this host has no ${system.name}`];
      const { installed, native } = await system.status();
      const wanted = wantedBy(target);
      const said = foundOf(wanted.slice(0, mostFound), installed, native).map(
        ({ package: name, version }) => `${name} is ${version}`,
      );
      return wanted.length > mostFound ? [...said, `${wanted.length - mostFound} packages more`] : said;
    },
    compare: async (target, _source, tools) => {
      refuseHost(system, target);
      const status = await system.status();
      const records = await allRecords(system.kind, tools);
      const kept = keptByOthers(records, target.component, status.native);
      const faults = new Map<string, Difference>();
      for (const one of wantedBy(target)) {
        const what = faultOf(one, status, system.holders) ?? faultOfOthers(one, kept, status.native);
        if (what !== null) faults.set(one.package, { path: one.package, what });
      }
      const tree = tools.layout.component(target.component).tree(target.tree);
      const hasTree = await isThere(tree);
      const verified = carriedBy(target)
        .filter(({ asNeeded, package: name }) => asNeeded === undefined && !faults.has(name))
        .map((one): Verified => ({ ...one, file: hasTree ? join(tree, one.file) : null }));
      const found = [...faults.values(), ...(await system.verify(verified, tools))];
      return hasTree && found.every((one) => one.kept === true)
        ? [...found, ...(await wouldChange(system, target, tools))]
        : found;
    },
    takeOver: async (target, _source, tools) => {
      const { native } = await system.status();
      const records = await allRecords(system.kind, tools);
      const packages: Record<string, Changed> = {};
      for (const { package: name, architecture, version } of wantedBy(target)) {
        const key = keyOf(name, architecture, native);
        const isShared = [...records].some(
          ([other, record]) => other !== target.component && record.packages[key] !== undefined,
        );
        // Of two components that want one, the other keeps it.
        packages[key] = { before: isShared ? version : null, version };
      }
      await recordFile(target.component, tools).write({
        kind: system.kind,
        tree: target.tree,
        wanted: wantedBy(target),
        files: carriedBy(target).map(({ file }) => file),
        packages,
        changedIn: null,
        stale: [],
      });
    },
    giveBack: (component, tools) => giveBack(system, component, tools),
  };
}

/** All stays as it is installed now; it is only not this component's any more. */
async function giveBack(system: PackageSystem, component: string, tools: DriverTools): Promise<void> {
  const record = await recordFile(component, tools).read();
  if (record?.kind !== system.kind) return;
  const { installed, native } = await system.status();
  const broken = foundOf(record.wanted, installed, native).some(({ version }) => version.startsWith('half'));
  const slot = await slotFile(tools.layout.component(component).slot, tools.log).read();
  // Of an attempt nothing was ever changed; an update that was broken off has to be finished by whom it knows.
  if ((slot?.installed ?? null) !== null && (broken || record.unfinished === true)) {
    const why = `${component} is not given back: an update of its packages was broken off. It is finished first; then order it again.`;
    throw new XylemError('E_CONFLICT', why);
  }
  await rm(tools.layout.component(component).packages, { force: true });
}

function refuseHost(system: PackageSystem, { component }: Placed): void {
  const why = !system.isThere()
    ? `this host has no ${system.name}`
    : process.getuid?.() !== 0
      ? 'system packages are led by root alone: run the agent as root'
      : null;
  if (why === null) return;
  throw new XylemError('E_ADOPT_UNSUPPORTED', `${component} was not adopted: ${why}.`);
}

/** Pure. */
function faultOf(wanted: PackageAt, { installed, native }: PackageStatus, holders: string): string | null {
  const found = installed.get(keyOf(wanted.package, wanted.architecture, native));
  if (found === undefined) return 'is not installed';
  if (!found.whole) return `is half installed (${found.version})`;
  if (found.version !== wanted.version) return `is ${found.version}, not ${wanted.version}`;
  if (found.architecture !== wanted.architecture)
    return `is for ${found.architecture}, not ${wanted.architecture}`;
  return found.held ? `is held on this host by ${holders}` : null;
}

/** Pure. */
function faultOfOthers(
  { package: name, architecture, version }: PackageAt,
  others: ReturnType<typeof keptByOthers>,
  native: string,
): string | null {
  const other = others.get(keyOf(name, architecture, native));
  return other === undefined || other.version === version
    ? null
    : `is kept at ${other.version} by ${other.component}`;
}

/** What an installation would still do: where all is as released, nothing. */
async function wouldChange(system: PackageSystem, target: Placed, tools: DriverTools): Promise<Difference[]> {
  try {
    const { installs, removes } = (await planInstall(system, target, tools)).simulation;
    return [
      ...[...installs].map(([path, version]) => ({ path, what: `would be installed as ${version}` })),
      ...removes.map((path) => ({ path, what: 'would be removed' })),
    ];
  } catch (error) {
    if (!(error instanceof XylemError) || error.code !== 'E_DEPENDENCY') throw error;
    return [
      { path: target.component, what: `lacks what it depends on: ${error.message.slice(0, mostCharacters)}` },
    ];
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
