import type { Driver } from '../driver.ts';
import { adoptFiles } from './adopt.ts';
import { applyFiles } from './apply.ts';
import { checkCommands } from './commands.ts';
import { observeFiles } from './observe.ts';
import { planFiles } from './plan.ts';

export const filesDriver: Driver = {
  check: checkCommands,
  observe: observeFiles,
  plan: planFiles,
  apply: applyFiles,
  adoption: adoptFiles,
};
