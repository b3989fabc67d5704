import { isAlive } from '../../state/process-identity.ts';
import type { Driver } from '../driver.ts';

/** What the supervisor runs; whether each process is alive is looked at here and not taken from it. */
export const observeServices: Driver['observe'] = async ({ supervisor }) => {
  const states = await supervisor.list();
  return new Map(
    states.map(({ component, tree, fingerprint, process }) => {
      const alive = process !== null && isAlive(process);
      const instance = alive ? `${process.pid}.${process.startTicks}` : '';
      return [component, { kind: 'service', tree, fingerprint, alive, instance }];
    }),
  );
};
