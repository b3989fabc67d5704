import type { Driver } from '../driver.ts';
import { adoptDeb } from './adopt.ts';
import { applyDeb } from './apply.ts';
import { observeDeb } from './observe.ts';
import { planDeb } from './plan.ts';

export const debDriver: Driver = { observe: observeDeb, plan: planDeb, apply: applyDeb, adoption: adoptDeb };
