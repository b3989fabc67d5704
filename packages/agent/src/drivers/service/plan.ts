import { stopTimeoutDefaultMs } from '@xylem/core';
import type { Step } from '../../converge/steps.ts';
import type { ObservedSlot } from '../../slot/observed.ts';
import type { DriverPlan, DriverStepKind } from '../driver.ts';
import { serviceSpec } from './spec.ts';

export const planService: DriverPlan = {
  toRun: (slot, target, committed, places) => {
    const isCurrent = slot.current === target.tree;
    // Between a crash and the supervisor's next try it still is the service that should run.
    const isSame = slot.running?.fingerprint === serviceSpec(target, places).fingerprint;
    // Files that are put back under a running service are not those that it has open.
    const runs = isSame && slot.trees.includes(target.tree);
    const steps: Step<DriverStepKind | 'switch'>[] = [];
    if (!runs || !isCurrent) steps.push({ kind: 'preflight', target });
    if (slot.running !== null && !runs) steps.push(stopOf(slot));
    if (!isCurrent) steps.push({ kind: 'switch', tree: target.tree });
    if (!runs || slot.running?.wantsSecrets === true) steps.push({ kind: 'start', target });
    if (!committed) steps.push({ kind: 'probe', target });
    return steps;
  },
  toEnd: (slot) => (slot.running === null ? [] : [stopOf(slot)]),
};

function stopOf(slot: ObservedSlot): Step<'stop'> {
  const own = slot.record?.installed?.document.service?.stopTimeoutMs;
  return { kind: 'stop', stopTimeoutMs: own ?? stopTimeoutDefaultMs };
}
