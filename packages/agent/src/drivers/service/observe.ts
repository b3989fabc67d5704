import { readlinkSync } from 'node:fs';
import { codedFault } from '../../converge/faults.ts';
import { forwarderComponent } from '../../router/builtin/protocol.ts';
import { routerOf } from '../../router/index.ts';
import type { ObservedRoute, ObservedWarm, Running } from '../../slot/observed.ts';
import type { Placed } from '../../slot/placed.ts';
import { isAlive } from '../../state/process-identity.ts';
import { exitText } from '../../supervisor/exit-text.ts';
import type { ServiceState } from '../../supervisor/protocol.ts';
import type { Driver, DriverTools } from '../driver.ts';
import { bakeLeftMs, momentNow, warmFile } from './bake.ts';
import { sidesOf } from './sides.ts';
import { serviceSpec } from './spec.ts';

/** What the supervisor runs; whether each process is alive is looked at here and not taken from it. */
export const observeServices: Driver['observe'] = async (tools, records) => {
  const found = new Map<string, Running[]>();
  for (const state of await tools.supervisor.list()) {
    if (state.component === forwarderComponent) continue;
    const own = found.get(state.component) ?? [];
    own.push(runningOf(state, tools.clock.now()));
    found.set(state.component, own);
  }
  const seen = new Map<string, Running>();
  for (const [component, own] of found) {
    const installed = records.get(component)?.installed ?? null;
    const [first, ...beside] = liveFirst(own, installed, tools);
    if (first === undefined) continue;
    seen.set(component, {
      ...first,
      ...(beside.length === 0 ? {} : { beside }),
      ...(await switched(component, installed, tools)),
    });
  }
  return seen;
};

/** What a report calls the component's service: that of what was committed. */
function liveFirst(own: readonly Running[], installed: Placed | null, tools: DriverTools): Running[] {
  const ordered = own.toSorted((a, b) => ((a.service ?? '') < (b.service ?? '') ? -1 : 1));
  const sides = installed === null ? null : sidesOf(installed, tools);
  if (installed === null || sides === null) return ordered;
  const right = new Set<string>(sides.map((side) => serviceSpec(installed, tools, side).fingerprint));
  return ordered.toSorted((a, b) => Number(right.has(b.fingerprint)) - Number(right.has(a.fingerprint)));
}

/** Where traffic goes and what is kept for a return, of a component with a router. */
async function switched(
  component: string,
  installed: Placed | null,
  tools: DriverTools,
): Promise<{ readonly route?: ObservedRoute; readonly warm?: ObservedWarm }> {
  const router = installed === null ? null : routerOf(installed, tools);
  if (router === null) return {};
  const route = await router.show().then(
    (port): ObservedRoute => ({ port }),
    (error: unknown): ObservedRoute => ({ fault: codedFault(error, `asking ${component}'s router`).message }),
  );
  const record = await warmFile(tools.layout.component(component).warm, tools.log).read();
  if (record === null) return { route };
  const { service, fingerprint } = record;
  return {
    route,
    warm: { service, fingerprint, leftMs: bakeLeftMs(record, momentNow(tools.clock.now())) },
  };
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
