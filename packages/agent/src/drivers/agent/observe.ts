import { agentComponent } from '@xylem/core';
import type { Running } from '../../slot/observed.ts';
import type { Driver } from '../driver.ts';

/** Of an agent that was installed by hand, and is to be what it is, no component runs. */
export const observeAgent: Driver['observe'] = async ({ self }) => {
  const tree = self.tree();
  if (tree === null && !self.isOnTrial) return new Map();
  const running: Running = {
    kind: 'agent',
    tree: tree ?? '',
    fingerprint: self.isOnTrial ? onTrial : '',
    alive: true,
    instance: String(process.pid),
  };
  return new Map([[agentComponent, running]]);
};

/** The fingerprint of an agent that nobody has confirmed. */
export const onTrial = 'on trial';
