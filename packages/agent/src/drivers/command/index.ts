import type { Driver } from '../driver.ts';
import { applyCommand } from './apply.ts';
import { observeCommands } from './observe.ts';
import { planCommand } from './plan.ts';

export const commandDriver: Driver = { observe: observeCommands, plan: planCommand, apply: applyCommand };
