import { hostAct } from './host-act.ts';

export const command = hostAct(
  'retry',
  'deploymentRetryHost',
  'The host tries once more what it refused, as soon as it hears of it. That it had failed stays counted.',
);
