import { healthCheckOf } from '../../health/check.ts';
import type { Driver } from '../driver.ts';
import { adoptService } from './adopt.ts';
import { applyService } from './apply.ts';
import { observeServices } from './observe.ts';
import { planService } from './plan.ts';
import { sidesOf } from './sides.ts';
import { serviceSpec } from './spec.ts';

const check: Driver['check'] = (placed, places) => {
  const [side = null] = sidesOf(placed, places) ?? [];
  serviceSpec(placed, places, side);
  healthCheckOf(placed, { ...places, port: side?.port });
};

export const serviceDriver: Driver = {
  check,
  observe: observeServices,
  plan: planService,
  apply: applyService,
  adoption: adoptService,
};
