import { stopTimeoutDefaultMs } from '@xylem/core';
import type { Step } from '../../converge/steps.ts';
import type { ObservedSlot } from '../../slot/observed.ts';
import type { DriverPlan, DriverStepKind } from '../driver.ts';
import { containerSpec } from './spec.ts';

export const planContainer: DriverPlan = {
  toRun: (slot, target, committed, places) => {
    const isCurrent = slot.current === target.tree;
    const { running } = slot;
    // podman has its own copy of the files: one whose tree is fetched again runs on.
    // Between a crash and systemd's next try it still is the container that should run.
    const runs = running?.fingerprint === containerSpec(target, places).fingerprint;
    const steps: Step<DriverStepKind | 'switch'>[] = [];
    if (!runs || !isCurrent) steps.push({ kind: 'preflight', target });
    if (running !== null && !runs) steps.push(stopOf(slot));
    if (!isCurrent) steps.push({ kind: 'switch', tree: target.tree });
    if (!runs) steps.push({ kind: 'start', target });
    if (!committed) steps.push({ kind: 'probe', target });
    return steps;
  },
  toEnd: (slot) => (slot.running === null ? [] : [stopOf(slot)]),
};

function stopOf(slot: ObservedSlot): Step<'stop'> {
  const own = slot.record?.installed?.document.container?.stopTimeoutMs;
  return { kind: 'stop', stopTimeoutMs: own ?? stopTimeoutDefaultMs };
}
