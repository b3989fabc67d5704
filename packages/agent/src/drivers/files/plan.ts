import type { Step } from '../../converge/steps.ts';
import { installFingerprint } from '../../slot/placed.ts';
import type { DriverPlan, DriverStepKind } from '../driver.ts';

export const planFiles: DriverPlan = {
  toRun: (slot, target) => {
    const applied = slot.running?.kind === 'files' ? slot.running : null;
    const places = target.document.files !== undefined;
    const isApplied = places
      ? applied?.fingerprint === installFingerprint(target)
      : applied?.applied === undefined;
    const isCurrent = slot.current === target.tree;
    const steps: Step<DriverStepKind | 'switch'>[] = [];
    if (!isCurrent || (places && !isApplied)) steps.push({ kind: 'preflight', target });
    if (!places && applied?.applied !== undefined) steps.push({ kind: 'unapply', placed: applied.applied });
    if (!isCurrent) steps.push({ kind: 'switch', tree: target.tree });
    if (places && !isApplied) steps.push({ kind: 'apply', target });
    return steps;
  },
  toEnd: ({ running }) =>
    running?.applied === undefined ? [] : [{ kind: 'unapply', placed: running.applied }],
};
