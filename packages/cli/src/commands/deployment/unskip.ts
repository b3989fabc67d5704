import { hostAct } from './host-act.ts';

export const command = hostAct(
  'unskip',
  'deploymentUnskipHost',
  'The host waits for its turn as any other; of a deployment that has succeeded it comes to the release at once.',
);
