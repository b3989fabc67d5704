import type { Step } from '../../converge/steps.ts';
import type { DriverPlan, DriverStepKind } from '../driver.ts';
import { packagesFingerprint, restartOf, wantedBy } from './wanted.ts';

export const planPackages: DriverPlan = {
  toRun: (slot, target, committed) => {
    const isCurrent = slot.current === target.tree;
    const isThere =
      committed &&
      slot.running?.tree === target.tree &&
      slot.running.fingerprint === packagesFingerprint(wantedBy(target));
    const steps: Step<DriverStepKind | 'switch'>[] = [];
    if (!isThere) steps.push({ kind: 'preflight', target });
    if (!isCurrent) steps.push({ kind: 'switch', tree: target.tree });
    if (!isThere) steps.push({ kind: 'apply', target });
    // Only on the way to something new: the director counts this host as unavailable until that has arrived.
    if (!committed && restartOf(target) === 'reboot') steps.push({ kind: 'reboot', target });
    return steps;
  },
  toEnd: (slot) =>
    slot.running === null ? [] : [{ kind: 'unapply', placed: slot.record?.installed ?? null }],
};
