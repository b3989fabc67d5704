import { rm } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import type { Placed } from '../../slot/placed.ts';
import type { Driver, DriverTools } from '../driver.ts';
import { mayReboot, rebootOnce } from './boot.ts';
import { install, planInstall } from './install.ts';
import { recordFile } from './others.ts';
import { removeBrought } from './removal.ts';
import { restartStale } from './stale.ts';
import type { PackageSystem } from './system.ts';
import { carriedBy, keyOf, restartOf } from './wanted.ts';

/** The steps of components that are made of a system's packages. */
export function applyPackages(system: PackageSystem) {
  return {
    preflight: async ({ target }, component, tools) => {
      if (!system.isThere()) {
        throw new XylemError(
          'E_DRIVER_UNSUPPORTED',
          `${component} is of kind ${system.kind}, and this host has no ${system.name}. Give it to other hosts by its selector.`,
        );
      }
      if (process.getuid?.() !== 0) {
        const why =
          'system packages are installed by root alone: run the agent as root, or give it to other hosts';
        throw new XylemError('E_PERMISSION', `${component}: ${why}.`);
      }
      if (restartOf(target) === 'reboot') await mayReboot(component);
      await system.repair(component, tools);
      await planInstall(system, target, tools);
    },

    apply: async ({ target }, component, tools) => {
      await system.repair(component, tools);
      await install(system, target, await planInstall(system, target, tools), tools);
      await dropOld(system, target, tools);
      const file = recordFile(component, tools);
      const record = await file.read();
      if (record === null) return;
      const files = await system.filesOf(Object.keys(record.packages));
      const stale = await restartStale(files, restartOf(target) === 'services', tools);
      await file.write({ ...record, stale });
    },

    reboot: async (_step, component, tools) => {
      await rebootOnce(component, tools);
    },

    /** What this component brought and nobody else needs goes; what was there before stays. */
    unapply: async (_step, component, tools) => {
      const record = await recordFile(component, tools).read();
      if (record === null) return;
      await system.repair(component, tools);
      await removeBrought(system, component, record, Object.keys(record.packages), tools);
      await rm(tools.layout.component(component).packages, { force: true });
    },
  } as const satisfies Driver['apply'];
}

/** Packages that a former version brought and this one does not carry. */
async function dropOld(system: PackageSystem, target: Placed, tools: DriverTools): Promise<void> {
  const file = recordFile(target.component, tools);
  const record = await file.read();
  if (record === null) return;
  const { native } = await system.status();
  const carried = new Set(carriedBy(target).map((one) => keyOf(one.package, one.architecture, native)));
  const old = Object.keys(record.packages).filter((name) => !carried.has(name));
  if (old.length === 0) return;
  const gone = await removeBrought(system, target.component, record, old, tools);
  const packages = Object.fromEntries(Object.entries(record.packages).filter(([name]) => !gone.has(name)));
  await file.write({ ...record, packages });
}
