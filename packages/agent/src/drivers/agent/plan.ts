import type { Step } from '../../converge/steps.ts';
import type { DriverPlan, DriverStepKind } from '../driver.ts';
import { onTrial } from './observe.ts';

export const planAgent: DriverPlan = {
  toRun: (slot, target, committed) => {
    const running = slot.running?.kind === 'agent' ? slot.running : null;
    // Who is on trial decides nothing about itself, whatever direction says meanwhile.
    if (running?.fingerprint === onTrial) return [{ kind: 'probe', target }];
    const steps: Step<DriverStepKind | 'switch'>[] = [];
    const runs = running?.tree === target.tree;
    const isCurrent = slot.current === target.tree;
    if (!runs || !isCurrent) steps.push({ kind: 'preflight', target });
    if (!isCurrent) steps.push({ kind: 'switch', tree: target.tree });
    if (!runs) steps.push({ kind: 'start', target });
    if (!committed) steps.push({ kind: 'probe', target });
    return steps;
  },
  toEnd: ({ running }) => (running?.kind === 'agent' ? [{ kind: 'stop', stopTimeoutMs: 0 }] : []),
};
