import { agentComponent, agentProduct, XylemError } from '@xylem/core';
import type { Driver } from '../driver.ts';
import { applyAgent } from './apply.ts';
import { observeAgent } from './observe.ts';
import { planAgent } from './plan.ts';

export const agentDriver: Driver = {
  check: ({ product, component }) => {
    if (product === agentProduct && component === agentComponent) return;
    throw new XylemError(
      'E_NOT_VOUCHED',
      `${component} is not installed: an agent comes as ${agentComponent} of the product ${agentProduct} alone.`,
    );
  },
  observe: observeAgent,
  plan: planAgent,
  apply: applyAgent,
};
