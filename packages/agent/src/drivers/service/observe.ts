import { readlinkSync } from 'node:fs';
import type { Running } from '../../slot/observed.ts';
import { isAlive } from '../../state/process-identity.ts';
import { exitText } from '../../supervisor/exit-text.ts';
import type { ServiceState } from '../../supervisor/protocol.ts';
import type { Driver } from '../driver.ts';

/** What the supervisor runs; whether each process is alive is looked at here and not taken from it. */
export const observeServices: Driver['observe'] = async ({ supervisor, clock }) => {
  const found = new Map<string, Running[]>();
  for (const state of await supervisor.list()) {
    const own = found.get(state.component) ?? [];
    own.push(runningOf(state, clock.now()));
    found.set(state.component, own);
  }
  return new Map([...found].map(([component, own]) => [component, besideEachOther(own)]));
};

/** The component's own service first: which of several is live only a router knows. */
function besideEachOther(own: readonly Running[]): Running {
  const [first, ...beside] = own.toSorted((a, b) => ((a.service ?? '') < (b.service ?? '') ? -1 : 1));
  if (first === undefined) throw new Error('no service of the component');
  return beside.length === 0 ? first : { ...first, beside };
}

function runningOf(state: ServiceState, nowMs: number): Running {
  const { component, tree, fingerprint, process } = state;
  const alive = process !== null && isAlive(process);
  const isStale = alive && worksInRemoved(process.pid, component);
  const ended = endedLately(state, nowMs);
  return {
    kind: 'service',
    tree,
    fingerprint: isStale ? '' : fingerprint,
    alive,
    instance: alive ? `${process.pid}.${process.startTicks}` : '',
    ...(ended === null ? {} : { ended }),
    ...(state.wantsSecrets === true ? { wantsSecrets: true } : {}),
    ...(state.instance === component ? {} : { service: state.instance }),
  };
}

/** Who ran for so long since is well again; the supervisor counts the same. */
const wellAfterMs = 60_000;

function endedLately(state: ServiceState, nowMs: number): string | null {
  const { process, startedAt, restarts, lastExit } = state;
  if (state.rests === true) {
    return `it ended by itself, ${exitText(lastExit)}; its restart policy leaves it at that`;
  }
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
