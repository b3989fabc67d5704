import { type Job, type JobOrder, XylemError } from '@xylem/core';
import { startsProcess } from '../converge/points.ts';
import type { ObservedSlot } from '../slot/observed.ts';
import type { Placed } from '../slot/placed.ts';

export type MayBegin =
  | { readonly kind: 'run'; readonly placed: Placed; readonly job: Job }
  /** Until something changes. */
  | { readonly kind: 'wait'; readonly why: XylemError }
  /** For ever. */
  | { readonly kind: 'refuse'; readonly why: XylemError };

/** Whether what is on the host is what the order is meant for. Pure. */
export function mayBegin(order: JobOrder, slot: ObservedSlot | undefined): MayBegin {
  const { component, job: name } = order;
  const installed = slot?.record?.installed ?? null;
  const wait = (message: string): MayBegin => ({ kind: 'wait', why: new XylemError('E_JOB_WAITS', message) });
  if (slot === undefined || installed === null) return wait(`${component} is not committed on this host.`);
  if (installed.package !== order.package) {
    const here = `${installed.version} (package ${installed.package.slice(0, 12)}…)`;
    return wait(
      `The job is meant for the package ${order.package.slice(0, 12)}… of ${component}; here is ${here}.`,
    );
  }
  if (slot.current !== installed.tree || !slot.trees.includes(installed.tree))
    return wait(`${component} ${installed.version} is not in place; it is put right first.`);
  if (startsProcess(installed.kind) && slot.running?.alive !== true && order.stopped !== true)
    return wait(`${component} ${installed.version} does not run.`);
  const jobs = installed.document.jobs ?? {};
  const job = Object.hasOwn(jobs, name) ? jobs[name] : undefined;
  if (job === undefined) {
    const message = `The package of ${component} ${installed.version} has no job ${name}.`;
    return { kind: 'refuse', why: new XylemError('E_JOB_REFUSED', message) };
  }
  return { kind: 'run', placed: installed, job };
}
