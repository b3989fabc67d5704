import type { Step } from '../../converge/steps.ts';
import { installFingerprint } from '../../slot/placed.ts';
import type { DriverPlan, DriverStepKind } from '../driver.ts';

export const planCommand: DriverPlan = {
  toRun: (slot, target) => {
    const isCurrent = slot.current === target.tree;
    const { running } = slot;
    const isApplied = running?.kind === 'command' && running.fingerprint === installFingerprint(target);
    const steps: Step<DriverStepKind | 'switch'>[] = [];
    if (!isCurrent || !isApplied) steps.push({ kind: 'preflight', target });
    if (!isCurrent) steps.push({ kind: 'switch', tree: target.tree });
    if (!isApplied) steps.push({ kind: 'apply', target });
    return steps;
  },
  toEnd: ({ running, record }) => {
    const placed = running?.placed ?? record?.installed ?? null;
    return running?.kind === 'command' && placed !== null ? [{ kind: 'unapply', placed }] : [];
  },
};
