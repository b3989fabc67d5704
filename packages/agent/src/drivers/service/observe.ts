import { readlinkSync } from 'node:fs';
import type { Running } from '../../slot/observed.ts';
import { isAlive } from '../../state/process-identity.ts';
import { exitText } from '../../supervisor/exit-text.ts';
import type { ServiceState } from '../../supervisor/protocol.ts';
import type { Driver } from '../driver.ts';

/** What the supervisor runs; whether each process is alive is looked at here and not taken from it. */
export const observeServices: Driver['observe'] = async ({ supervisor, clock }) => {
  const states = await supervisor.list();
  return new Map(
    states.map((state) => {
      const { component, tree, fingerprint, process } = state;
      const alive = process !== null && isAlive(process);
      const instance = alive ? `${process.pid}.${process.startTicks}` : '';
      const isStale = alive && worksInRemoved(process.pid, component);
      const ended = endedLately(state, clock.now());
      const running: Running = {
        kind: 'service',
        tree,
        fingerprint: isStale ? '' : fingerprint,
        alive,
        instance,
        ...(state.wantsSecrets === true ? { wantsSecrets: true } : {}),
      };
      return [component, ended === null ? running : { ...running, ended }];
    }),
  );
};

/** Who ran for so long since is well again; the supervisor counts the same. */
const wellAfterMs = 60_000;

function endedLately({ process, startedAt, restarts, lastExit }: ServiceState, nowMs: number): string | null {
  if (restarts === 0 || lastExit === null) return null;
  // Also where the clock went back since.
  const ranMs = Math.abs(nowMs - startedAt);
  if (process !== null && ranMs >= wellAfterMs) return null;
  const times = restarts === 1 ? 'once' : `${restarts} times`;
  return `it ended by itself ${times} since it was first started, last ${exitText(lastExit)}; it is started again after a pause`;
}

/** A process whose tree was taken away or replaced works on in the folder that is no more. */
function worksInRemoved(pid: number, component: string): boolean {
  try {
    const folder = readlinkSync(`/proc/${pid}/cwd`);
    return folder.includes(`/components/${component}/trees/`) && folder.endsWith(' (deleted)');
  } catch {
    return false;
  }
}
