import type { DriverPlan } from '../driver.ts';

export const planFiles: DriverPlan = {
  toRun: (slot, target) =>
    slot.current === target.tree
      ? []
      : [
          { kind: 'preflight', target },
          { kind: 'switch', tree: target.tree },
        ],
  toEnd: () => [],
};
