import type { Driver } from '../driver.ts';
import { adoptCommand } from './adopt.ts';
import { applyCommand } from './apply.ts';
import { observeCommands } from './observe.ts';
import { planCommand } from './plan.ts';
import { commandSpec } from './spec.ts';

export const commandDriver: Driver = {
  check: commandSpec,
  observe: observeCommands,
  plan: planCommand,
  adoption: adoptCommand,
  apply: applyCommand,
};
