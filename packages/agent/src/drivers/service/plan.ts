import { stopTimeoutDefaultMs } from '@xylem/core';
import type { Step } from '../../converge/steps.ts';
import type { ObservedSlot, Running } from '../../slot/observed.ts';
import type { DriverPlan, DriverStepKind } from '../driver.ts';
import { serviceSpec } from './spec.ts';

export const planService: DriverPlan = {
  toRun: (slot, target, committed, places) => {
    const isCurrent = slot.current === target.tree;
    const { fingerprint } = serviceSpec(target, places);
    // Between a crash and the supervisor's next try it still is the service that should run.
    const same = allOf(slot).find((one) => one.service === undefined && one.fingerprint === fingerprint);
    // Files that are put back under a running service are not those that it has open.
    const runs = same !== undefined && slot.trees.includes(target.tree);
    const steps: Step<DriverStepKind | 'switch'>[] = [];
    if (!runs || !isCurrent) steps.push({ kind: 'preflight', target });
    for (const one of allOf(slot)) if (!runs || one !== same) steps.push(stopOf(slot, one));
    if (!isCurrent) steps.push({ kind: 'switch', tree: target.tree });
    if (!runs || same?.wantsSecrets === true) steps.push({ kind: 'start', target });
    if (!committed) steps.push({ kind: 'probe', target });
    return steps;
  },
  toEnd: (slot) => allOf(slot).map((one) => stopOf(slot, one)),
};

/** Every service of the component that runs. */
function allOf({ running }: ObservedSlot): readonly Running[] {
  return running === null ? [] : [running, ...(running.beside ?? [])];
}

function stopOf(slot: ObservedSlot, { service }: Running): Step<'stop'> {
  const own = slot.record?.installed?.document.service?.stopTimeoutMs;
  const stopTimeoutMs = own ?? stopTimeoutDefaultMs;
  return { kind: 'stop', stopTimeoutMs, ...(service === undefined ? {} : { service }) };
}
