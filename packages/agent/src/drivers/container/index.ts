import type { Driver } from '../driver.ts';
import { applyContainer } from './apply.ts';
import { clearContainer } from './clear.ts';
import { observeContainers } from './observe.ts';
import { planContainer } from './plan.ts';

export const containerDriver: Driver = {
  observe: observeContainers,
  plan: planContainer,
  apply: applyContainer,
  clear: clearContainer,
};
