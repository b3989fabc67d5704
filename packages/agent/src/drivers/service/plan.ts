import type { Step } from '../../converge/steps.ts';
import type { DriverPlan, DriverStepKind } from '../driver.ts';
import { planBlueGreen } from './blue-green.ts';
import { sidesOf } from './sides.ts';
import { serviceSpec } from './spec.ts';
import { allOf, stopOf } from './stopping.ts';

export const planService: DriverPlan = {
  toRun: (slot, target, committed, places) => {
    const sides = sidesOf(target, places);
    if (sides !== null) return planBlueGreen(slot, target, sides, committed, places);
    const isCurrent = slot.current === target.tree;
    const { fingerprint } = serviceSpec(target, places);
    // Between a crash and the supervisor's next try it still is the service that should run.
    const same = allOf(slot).find((one) => one.service === undefined && one.fingerprint === fingerprint);
    // Files that are put back under a running service are not those that it has open.
    const runs = same !== undefined && slot.trees.includes(target.tree);
    const steps: Step<DriverStepKind | 'switch'>[] = [];
    if (!runs || !isCurrent) steps.push({ kind: 'preflight', target });
    for (const one of allOf(slot)) if (!runs || one !== same) steps.push(stopOf(slot, one));
    // It listens where its router did.
    const installed = slot.record?.installed ?? null;
    if (!committed && installed?.document.service?.switch !== undefined)
      steps.push({ kind: 'unapply', placed: installed });
    if (!isCurrent) steps.push({ kind: 'switch', tree: target.tree });
    if (!runs || same?.wantsSecrets === true) steps.push({ kind: 'start', target });
    if (!committed) steps.push({ kind: 'probe', target });
    return steps;
  },
  toEnd: (slot) => {
    const stops = allOf(slot).map((one) => stopOf(slot, one));
    const installed = slot.record?.installed ?? null;
    const hasRouter = installed?.document.service?.switch !== undefined;
    // Nobody is led to what is about to end.
    return hasRouter && stops.length > 0 ? [{ kind: 'unapply', placed: installed }, ...stops] : stops;
  },
};
