import type { Driver } from '../driver.ts';
import { applyAgent } from './apply.ts';
import { observeAgent } from './observe.ts';
import { planAgent } from './plan.ts';

export const agentDriver: Driver = { observe: observeAgent, plan: planAgent, apply: applyAgent };
