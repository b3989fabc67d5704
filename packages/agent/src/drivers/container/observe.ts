import { readdir } from 'node:fs/promises';
import type { Running } from '../../slot/observed.ts';
import type { Driver, DriverTools } from '../driver.ts';
import { type FoundContainer, findContainers } from './containers.ts';
import { containerPlaces } from './names.ts';
import { PodmanFailure } from './podman.ts';

/** What podman runs for this state folder; a host that never had a container asks it nothing. */
export const observeContainers: Driver['observe'] = async (tools, records) => {
  const components = new Set(await placed(containerPlaces(tools.layout).components));
  for (const [component, { installed }] of records) {
    if (installed?.kind === 'container') components.add(component);
  }
  const found = await visible([...components].sort(), tools);
  return new Map(found.map((one) => [one.component, runningOf(one, tools.clock.now())]));
};

/**
 * Where podman is silent, other kinds of component must not be: then nothing of this kind is known to run, and what
 * would be done about it meets podman again before it acts.
 */
async function visible(
  components: readonly string[],
  { layout, log, signal }: DriverTools,
): Promise<readonly FoundContainer[]> {
  try {
    return await findContainers(layout.root, components, signal);
  } catch (error) {
    if (!(error instanceof PodmanFailure)) throw error;
    log.warn('containers can not be looked at', { cause: error });
    return [];
  }
}

/** Pure. */
function runningOf(found: FoundContainer, nowMs: number): Running {
  const { tree, fingerprint, running: alive, pid, id } = found;
  const ended = endedLately(found, nowMs);
  return {
    kind: 'container',
    tree,
    fingerprint,
    alive,
    instance: alive ? `${pid}.${id.slice(0, 12)}` : '',
    ...(ended === null ? {} : { ended }),
  };
}

/** Who ran for so long since is well again; services count the same. */
const wellAfterMs = 60_000;

function endedLately(found: FoundContainer, nowMs: number): string | null {
  const { running, restarts, exitCode, outOfMemory, startedAt, finishedAt } = found;
  // Also where the clock went back since.
  if (running && (restarts === 0 || Math.abs(nowMs - startedAt) >= wellAfterMs)) return null;
  // Made and never started.
  if (!running && finishedAt <= 0) return null;
  const how = outOfMemory ? 'for want of memory' : `with exit code ${exitCode}`;
  const times = restarts === 0 ? '' : `, ${restarts} times since it was started`;
  return `its container ended by itself ${how}${times}; it is started again`;
}

/** Components of which podman may have something. */
async function placed(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
