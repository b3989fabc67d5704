import { basename } from 'node:path';
import type { Reason } from '../../converge/goal.ts';
import type { Running } from '../../slot/observed.ts';
import { isAlive } from '../../state/process-identity.ts';
import type { Driver } from '../driver.ts';
import { currentBoot } from './boot.ts';
import { foundOf } from './install.ts';
import { recordsOf } from './others.ts';
import type { PackagesRecord } from './record.ts';
import type { PackageSystem } from './system.ts';
import { type PackageAt, packagesFingerprint, restartOf } from './wanted.ts';

/** What the package system knows of the packages that each component wants. */
export const observePackages =
  (system: PackageSystem): Driver['observe'] =>
  async (tools, slots, folders) => {
    const components = [...folders]
      .filter(([component, names]) => names.has(basename(tools.layout.component(component).packages)))
      .map(([component]) => component);
    const records = await recordsOf(components, system.kind, tools);
    const running = new Map<string, Running>();
    if (records.size === 0 || !system.isThere()) return running;
    const { installed, native } = await system.status();
    for (const [component, record] of records) {
      const found = foundOf(record.wanted, installed, native).map((one) =>
        record.unfinished === true ? { ...one, version: `half installed (${one.version})` } : one,
      );
      const wrong = found.filter(({ version }, i) => version !== record.wanted[i]?.version);
      const committed = slots.get(component)?.installed ?? null;
      // Of a trial that goes back, this agent itself has changed them.
      const isDrift = wrong.length > 0 && committed?.tree === record.tree;
      const wantsReboot = committed !== null && restartOf(committed) === 'reboot';
      const notes = notesOf(component, record, wantsReboot);
      running.set(component, {
        kind: system.kind,
        tree: record.tree,
        fingerprint: packagesFingerprint(found),
        alive: true,
        instance: '',
        ...(isDrift ? { differs: `its packages were changed: ${listed(wrong)}` } : {}),
        ...(notes.length === 0 ? {} : { notes }),
      });
    }
    return running;
  };

function listed(packages: readonly PackageAt[]): string {
  return packages.map(({ package: name, version }) => `${name} is ${version}`).join(', ');
}

function notesOf(component: string, { stale, changedIn }: PackagesRecord, wantsReboot: boolean): Reason[] {
  if (wantsReboot && changedIn === currentBoot()) {
    const message = `${component}: packages that ask for a new start of the host were changed since it was started.`;
    return [{ code: 'E_RESTART_NEEDED', message }];
  }
  const names = stale.filter(({ identity }) => isAlive(identity)).map(({ name }) => name);
  if (names.length === 0) return [];
  const list = names.slice(0, 20).join(', ');
  const message = `${component}: still running with files that its packages replaced: ${list}`;
  return [{ code: 'E_RESTART_NEEDED', message }];
}
