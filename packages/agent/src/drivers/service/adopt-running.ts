import { existsSync, readFileSync } from 'node:fs';
import { fillPort, XylemError } from '@xylem/core';
import type { Difference } from '../../adopt/differences.ts';
import { healthCheckOf } from '../../health/check.ts';
import { routerOf } from '../../router/index.ts';
import { openedEnvironment } from '../../secrets/environment.ts';
import type { Placed } from '../../slot/placed.ts';
import type { ProcessIdentity } from '../../state/process-identity.ts';
import { Family } from '../../supervisor/family.ts';
import { instanceOf, type SecretVariables, type ServiceSpec } from '../../supervisor/protocol.ts';
import type { DriverTools } from '../driver.ts';
import { changedSince } from './adopt-changed.ts';
import {
  type Candidate,
  candidatesOf,
  type Listed,
  leadersOf,
  listProcesses,
  type Where,
} from './adopt-find.ts';
import { keeperOf } from './adopt-parent.ts';
import { listensOn } from './adopt-port.ts';
import { placesOf } from './places.ts';
import { type Side, sidesOf } from './sides.ts';
import { serviceSpec } from './spec.ts';

/** What runs of a package on this host. */
export interface RunningOne {
  /** Null: there are differences, or it runs as Xylem started it already. */
  readonly process: ProcessIdentity | null;
  readonly differences: readonly Difference[];
}

/**
 * What runs of `target` now. Of a package with two instances it is the one to which its router leads, which is asked
 * only once the tree is in place, for a program of the package may have to do it: until then there are no differences.
 * @throws XylemError E_ADOPT_UNSUPPORTED, E_ROUTER
 */
export async function runsNow(
  target: Placed,
  path: string,
  tools: DriverTools,
): Promise<RunningOne & { readonly spec: ServiceSpec | null; readonly side: Side | null }> {
  const sides = sidesOf(target, tools);
  let side: Side | null = null;
  const without = { spec: null, side: null, process: null };
  if (sides !== null) {
    if (!existsSync(tools.layout.component(target.component).tree(target.tree)))
      return { ...without, differences: [] };
    const port = await routerOf(target, tools)?.show();
    side = sides.find((one) => one.port === port) ?? null;
    const what = 'does not lead to one of its two ports';
    if (side === null) return { ...without, differences: [{ path: 'its router', what }] };
  }
  const spec = serviceSpec(target, tools, side);
  await tools.supervisor.check(spec);
  const one = await runningOne(target, spec, path, tools, side);
  if (side === null || one.process === null) return { ...one, spec, side };
  const fault = await healthCheckOf(target, { ...tools, port: side.port })?.look(tools.signal);
  if (fault === null || fault === undefined) return { ...one, spec, side };
  return { spec, side, process: null, differences: [{ path: 'its health', what: fault }] };
}

/**
 * The one process that runs as the package says, from the folder `path`, and nobody else looks after.
 * @throws XylemError E_ADOPT_UNSUPPORTED where it is not one, or somebody would start it again
 */
export async function runningOne(
  target: Placed,
  spec: ServiceSpec,
  path: string,
  tools: DriverTools,
  side: Side | null,
): Promise<RunningOne> {
  const own = (await tools.supervisor.list()).find(({ instance }) => instance === instanceOf(spec));
  if (own?.fingerprint === spec.fingerprint && own.adopted === undefined)
    return { process: null, differences: [] };
  const where: Where = { path, tree: spec.workingFolder };
  const secrets = await secretsOf(target, side, tools);
  const candidates = await candidatesOf(spec, { ...spec.environment, ...secrets }, where);
  const fitting = leadersOf(candidates.filter(({ differences }) => differences.length === 0));
  const [one, ...others] = fitting;
  if (one === undefined) return { process: null, differences: saysOf(leadersOf(candidates), path) };
  const { component } = target;
  if (others.length > 0) {
    const pids = fitting.map(({ process: { pid } }) => pid).join(', ');
    const why = `the processes ${pids} all run it, and one can't be told from the other: end all but one first`;
    throw new XylemError('E_ADOPT_UNSUPPORTED', `${component} was not adopted: ${why}.`);
  }
  const { pid } = one.process;
  const [program = ''] = spec.command;
  const keeper = keeperOf(one.standing, program.replaceAll(where.tree, path));
  if (keeper !== null) {
    const why =
      `process ${pid} was started by ${keeper}, which may start it again when Xylem ends it. Take it out of ` +
      'there so that it goes on by itself, or end it and let the component be installed';
    throw new XylemError('E_ADOPT_UNSUPPORTED', `${component} was not adopted: ${why}.`);
  }
  const differences = [
    ...portDifferences(target, one, { ...tools, port: side?.port }),
    ...(await changedSince(
      path,
      tools.layout.component(component).text(target.tree),
      startedMs(one.process),
    )),
  ];
  return { process: differences.length === 0 ? one.process : null, differences };
}

/** To say what is there, many components are looked at one after the other. */
const freshMs = 5_000;
let listed: { readonly atMs: number; readonly processes: readonly Listed[] } | null = null;

/** What a person would want to know of it, in a few words. */
export async function runningText(target: Placed, path: string, tools: DriverTools): Promise<string> {
  const [side = null] = sidesOf(target, tools) ?? [];
  const spec = serviceSpec(target, tools, side);
  const nowMs = tools.clock.monotonicMs();
  if (listed === null || nowMs - listed.atMs > freshMs) listed = { atMs: nowMs, processes: listProcesses() };
  const where: Where = { path, tree: spec.workingFolder };
  const candidates = await candidatesOf(spec, spec.environment, where, listed.processes);
  const leaders = leadersOf(candidates);
  const pids = leaders.map(({ process: { pid } }) => pid).join(', ');
  if (leaders.length === 0) return `no process runs it from ${path}`;
  return leaders.length === 1 ? `process ${pids} runs it` : `the processes ${pids} run it`;
}

export async function secretsOf(
  target: Placed,
  side: Side | null,
  tools: DriverTools,
): Promise<SecretVariables> {
  return openedEnvironment(target, { ...tools, port: side?.port }, await tools.secrets.open(target));
}

/** Of several that are not as the package says, all. Pure. */
function saysOf(leaders: readonly Candidate[], path: string): Difference[] {
  if (leaders.length === 0) return [{ path, what: 'is run by no process that the agent can see' }];
  return leaders.flatMap(({ process: { pid }, standing: { name }, differences }) =>
    differences.map((one) => ({ ...one, path: `process ${pid} (${name}): ${one.path}` })),
  );
}

/** Where its health is asked, it or one of its family has to answer. */
function portDifferences(target: Placed, { process: first }: Candidate, tools: DriverTools): Difference[] {
  const { health } = target.document;
  const named = health?.http?.port ?? health?.tcp?.port ?? tools.port;
  if (named === undefined) return [];
  const port = fillPort(named, placesOf(target, tools));
  const pids = new Family(first).look().map(({ pid }) => pid);
  if (listensOn(pids, port)) return [];
  return [{ path: `port ${port}`, what: `is not listened on by process ${first.pid}` }];
}

/** The kernel counts in hundredths of a second since the boot, which it tells to the second. */
function startedMs({ startTicks }: ProcessIdentity): number {
  const bootSeconds = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? 0);
  return bootSeconds * 1_000 + startTicks * 10;
}
