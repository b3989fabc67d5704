import { healthCheckOf } from '../../health/check.ts';
import type { Driver } from '../driver.ts';
import { adoptContainer } from './adopt.ts';
import { applyContainer } from './apply.ts';
import { clearContainer } from './clear.ts';
import { observeContainers } from './observe.ts';
import { planContainer } from './plan.ts';
import { containerSpec } from './spec.ts';

export const containerDriver: Driver = {
  check: (placed, places) => {
    containerSpec(placed, places);
    healthCheckOf(placed, places);
  },
  observe: observeContainers,
  plan: planContainer,
  adoption: adoptContainer,
  apply: applyContainer,
  clear: clearContainer,
};
