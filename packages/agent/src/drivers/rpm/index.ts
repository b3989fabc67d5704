import type { Driver } from '../driver.ts';
import { adoptRpm } from './adopt.ts';
import { applyRpm } from './apply.ts';
import { observeRpm } from './observe.ts';
import { planRpm } from './plan.ts';

export const rpmDriver: Driver = { observe: observeRpm, plan: planRpm, apply: applyRpm, adoption: adoptRpm };
