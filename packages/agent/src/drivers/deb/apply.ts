import { rm } from 'node:fs/promises';
import { restartDefault, XylemError } from '@xylem/core';
import type { Placed } from '../../slot/placed.ts';
import type { Driver, DriverTools, StepAction } from '../driver.ts';
import { mayReboot, rebootOnce } from './boot.ts';
import { install, planInstall } from './install.ts';
import { recordFile } from './others.ts';
import { removeBrought } from './removal.ts';
import { repairDpkg } from './repair.ts';
import { restartStale } from './stale.ts';
import { hasDpkg, packageStatus } from './status.ts';
import { carriedBy, keyOf } from './wanted.ts';

const preflight: StepAction<'preflight'> = async ({ target }, component, tools) => {
  if (!hasDpkg()) {
    throw new XylemError(
      'E_DRIVER_UNSUPPORTED',
      `${component} is a package of Debian's, and this host has no dpkg. Give it to other hosts by its selector.`,
    );
  }
  if (process.getuid?.() !== 0) {
    const why =
      'system packages are installed by root alone: run the agent as root, or give it to other hosts';
    throw new XylemError('E_PERMISSION', `${component}: ${why}.`);
  }
  if (restartOf(target) === 'reboot') await mayReboot(component);
  await repairDpkg(component, tools);
  await planInstall(target, tools);
};

const apply: StepAction<'apply'> = async ({ target }, component, tools) => {
  await repairDpkg(component, tools);
  await install(target, await planInstall(target, tools), tools);
  await dropOld(target, tools);
  const file = recordFile(component, tools);
  const record = await file.read();
  if (record === null) return;
  const stale = await restartStale(Object.keys(record.packages), restartOf(target) === 'services', tools);
  await file.write({ ...record, stale });
};

const reboot: StepAction<'reboot'> = async (_step, component, tools) => {
  await rebootOnce(component, tools);
};

/** What this component brought and nobody else needs goes; what was there before stays. */
const unapply: StepAction<'unapply'> = async (_step, component, tools) => {
  const record = await recordFile(component, tools).read();
  if (record === null) return;
  await repairDpkg(component, tools);
  await removeBrought(component, record, Object.keys(record.packages), tools);
  await rm(tools.layout.component(component).packages, { force: true });
};

export const applyDeb: Driver['apply'] = { preflight, apply, reboot, unapply };

function restartOf({ document }: Placed): 'services' | 'reboot' | 'none' {
  return document.deb?.restart ?? restartDefault;
}

/** Packages that a former version brought and this one does not carry. */
async function dropOld(target: Placed, tools: DriverTools): Promise<void> {
  const file = recordFile(target.component, tools);
  const record = await file.read();
  if (record === null) return;
  const { native } = await packageStatus();
  const carried = new Set(carriedBy(target).map((one) => keyOf(one.package, one.architecture, native)));
  const old = Object.keys(record.packages).filter((name) => !carried.has(name));
  if (old.length === 0) return;
  const gone = await removeBrought(target.component, record, old, tools);
  const packages = Object.fromEntries(Object.entries(record.packages).filter(([name]) => !gone.has(name)));
  await file.write({ ...record, packages });
}
