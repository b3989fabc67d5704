import { hostAct } from './host-act.ts';

export const command = hostAct(
  'skip',
  'deploymentSkipHost',
  `The host stays as it is, also once the deployment has succeeded, until it is taken in again or the next deployment of
the product comes to it. It is not waited for; what it had failed by then stays counted.`,
);
