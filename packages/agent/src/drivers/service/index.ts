import type { Driver } from '../driver.ts';
import { applyService } from './apply.ts';
import { observeServices } from './observe.ts';
import { planService } from './plan.ts';

export const serviceDriver: Driver = { observe: observeServices, plan: planService, apply: applyService };
