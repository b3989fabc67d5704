import { readdir } from 'node:fs/promises';
import type { Running } from '../../slot/observed.ts';
import { exitText } from '../../supervisor/exit-text.ts';
import type { UnitStatus } from '../../supervisor/systemd/systemctl.ts';
import type { Driver, DriverTools } from '../driver.ts';
import type { FoundContainer } from './containers.ts';
import { containerPlaces } from './names.ts';
import { PodmanFailure } from './podman.ts';
import { type SeenContainer, seeContainers } from './seen.ts';

/** What podman and systemd run for this state folder; a host that never had a container asks it nothing. */
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
): Promise<readonly SeenContainer[]> {
  try {
    return await seeContainers(layout, components, signal);
  } catch (error) {
    if (!(error instanceof PodmanFailure)) throw error;
    log.warn('containers can not be looked at', { cause: error });
    return [];
  }
}

/** Pure. */
function runningOf(seen: SeenContainer, nowMs: number): Running {
  const { found, unit, standing } = seen;
  const alive = standing === 'runs';
  const ended = unit === null ? endedLately(found, nowMs) : endedInUnit(unit.status, alive, nowMs);
  return {
    kind: 'container',
    tree: found?.tree ?? unit?.tree ?? '',
    // One that nobody starts again counts as another.
    fingerprint: standing === 'over' ? '' : (found?.fingerprint ?? unit?.fingerprint ?? ''),
    alive,
    instance: alive && found !== null ? `${found.pid}.${found.id.slice(0, 12)}` : '',
    ...(ended === null ? {} : { ended }),
  };
}

/** Who ran for so long since is well again; services count the same. */
const wellAfterMs = 60_000;

function endedLately(found: FoundContainer | null, nowMs: number): string | null {
  if (found === null) return null;
  const { running, restarts, exitCode, outOfMemory, startedAt, finishedAt } = found;
  // Also where the clock went back since.
  if (running && (restarts === 0 || Math.abs(nowMs - startedAt) >= wellAfterMs)) return null;
  // Made and never started.
  if (!running && finishedAt <= 0) return null;
  const how = outOfMemory ? 'for want of memory' : `with exit code ${exitCode}`;
  return endedText(restarts, how);
}

function endedInUnit(
  { restarts, startedAt, exit }: UnitStatus,
  alive: boolean,
  nowMs: number,
): string | null {
  if (alive && (restarts === 0 || Math.abs(nowMs - startedAt) >= wellAfterMs)) return null;
  if (restarts === 0 && exit === null) return null;
  return endedText(restarts, exit === null ? '' : exitText(exit));
}

function endedText(restarts: number, how: string): string {
  const times = restarts === 0 ? '' : `, ${restarts} times since it was started`;
  return `its container ended by itself${how === '' ? '' : ` ${how}`}${times}; it is started again`;
}

/** Components of which podman may have something. */
async function placed(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
