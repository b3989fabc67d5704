import { readlinkSync } from 'node:fs';
import { isAlive } from '../../state/process-identity.ts';
import type { Driver } from '../driver.ts';

/** What the supervisor runs; whether each process is alive is looked at here and not taken from it. */
export const observeServices: Driver['observe'] = async ({ supervisor }) => {
  const states = await supervisor.list();
  return new Map(
    states.map(({ component, tree, fingerprint, process }) => {
      const alive = process !== null && isAlive(process);
      const instance = alive ? `${process.pid}.${process.startTicks}` : '';
      const isStale = alive && worksInRemoved(process.pid, component);
      return [component, { kind: 'service', tree, fingerprint: isStale ? '' : fingerprint, alive, instance }];
    }),
  );
};

/** A process whose tree was taken away or replaced works on in the folder that is no more. */
function worksInRemoved(pid: number, component: string): boolean {
  try {
    const folder = readlinkSync(`/proc/${pid}/cwd`);
    return folder.includes(`/components/${component}/trees/`) && folder.endsWith(' (deleted)');
  } catch {
    return false;
  }
}
