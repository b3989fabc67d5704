import {
  compareVersions,
  type DesiredState,
  type HostAssignment,
  liveWaypoints,
  nextStep,
  type Release,
  type Through,
  type Version,
  XylemError,
} from '@xylem/core';
import type { ObservedSlot } from '../slot/observed.ts';
import { type Placed, releaseVersionOf, sameInstall } from '../slot/placed.ts';
import { unmetRequirements } from './place.ts';
import { heldByQuarantine, type QuarantineMemory } from './quarantine.ts';
import type { Reading } from './reading.ts';
import type { DirectedTransitions, Held, WantedState, Waypoint } from './wanted.ts';

type Slots = ReadonlyMap<string, ObservedSlot>;

/**
 * What publishers say of the ways to what is assigned, with the waypoints that direction offers: each under the same
 * rules as an assignment (docs/spec/transitions.md).
 */
export async function directedTransitions(from: {
  readonly state: DesiredState;
  readonly assignments: readonly HostAssignment[];
  readonly reading: Reading;
  readonly memory: QuarantineMemory | undefined;
}): Promise<{ readonly transitions: DirectedTransitions[]; readonly incomplete: XylemError | null }> {
  const { state, assignments, reading } = from;
  const transitions: DirectedTransitions[] = [];
  let incomplete: XylemError | null = null;
  for (const [product, graph] of [...reading.graphs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const known = new Set<string>(liveWaypoints(graph).map(({ version }) => version));
    const mine = assignments.filter((assignment) => assignment.product === product);
    const through: Waypoint[] = [];
    for (const offered of state.through?.[product] ?? []) {
      if (!known.has(offered.version)) continue;
      const read = await readWaypoint(offered, mine, from);
      incomplete ??= read.incomplete;
      through.push(read.waypoint);
    }
    through.sort((a, b) => compareVersions(a.version, b.version));
    transitions.push({ product, graph, through });
  }
  return { transitions, incomplete };
}

async function readWaypoint(
  offered: Through,
  assignments: readonly HostAssignment[],
  { reading, memory }: { readonly reading: Reading; readonly memory: QuarantineMemory | undefined },
): Promise<{ readonly waypoint: Waypoint; readonly incomplete: XylemError | null }> {
  const asked = assignments.map((one) => ({ ...one, release: offered.release, version: offered.version }));
  const failed = (held: Held[], incomplete: XylemError | null) => ({
    waypoint: { version: offered.version, components: null, placed: [], held },
    incomplete,
  });
  const quarantined = asked.flatMap((one) => heldByQuarantine(memory, one) ?? []);
  if (quarantined.length > 0) return failed(quarantined, null);
  const [first] = asked;
  if (first === undefined) return failed([], null);
  let release: Release;
  try {
    release = await reading.release(first);
    // The publisher's document says which version it is; direction only that it is this one.
    if (release.version !== offered.version || release.product !== first.product)
      throw new XylemError(
        'E_TRUST',
        `Direction gives ${release.product} ${release.version} for ${offered.version}.`,
      );
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    const held = asked.map(({ component }) => heldBy(component, offered.version, error));
    return failed(held, error.retry === 'elsewhere' ? error : null);
  }
  const parts = asked.flatMap((one) => {
    const part = release.packages.find(({ component }) => component === one.component);
    return part === undefined ? [] : [{ ...one, package: part.package, version: part.version }];
  });
  const placed: Placed[] = [];
  const held: Held[] = [];
  let incomplete: XylemError | null = null;
  for (const outcome of await reading.all(parts, true)) {
    if ('placed' in outcome) placed.push(outcome.placed);
    else {
      if (outcome.error.retry === 'elsewhere') incomplete = outcome.error;
      held.push(heldBy(outcome.component, offered.version, outcome.error));
    }
  }
  const components = release.packages.map(({ component }) => component);
  return { waypoint: { version: offered.version, components, placed, held }, incomplete };
}

const heldBy = (component: string, version: Version, { code, message }: XylemError): Held => ({
  component,
  code,
  message: `On the way, at the waypoint ${version}: ${message}`.slice(0, 2_000),
});

/**
 * What this host should run now: of each product the release that comes next on the way to what direction gives it, or
 * what it has, and why. Pure.
 * @param takenBack what a person on this host took back goes by no way but theirs
 */
export function onTheWay<T extends WantedState>(
  wanted: T,
  slots: Slots,
  takenBack: readonly { readonly product: string }[] = [],
): T {
  let next: T = wanted;
  for (const directed of wanted.transitions ?? []) {
    if (takenBack.some(({ product }) => product === directed.product)) continue;
    const targets = wanted.components.filter(({ product }) => product === directed.product);
    for (const group of Map.groupBy(targets, releaseVersionOf).values()) {
      const step = stepOf(group, directed, slots);
      if (step === null) continue;
      const named = new Set(group.map(({ component }) => component));
      next = {
        ...next,
        components: [...next.components.filter(({ component }) => !named.has(component)), ...step.components],
        held: [...next.held, ...step.held],
      };
    }
  }
  if (next === wanted) return wanted;
  const unmet = unmetRequirements(next.components);
  if (unmet.length === 0) return next;
  const components = next.components.filter(
    ({ component }) => !unmet.some((other) => other.component === component),
  );
  return { ...next, components, held: [...next.held, ...unmet] };
}

/** Null: straight to the targets. */
function stepOf(
  targets: readonly Placed[],
  { product, graph, through }: DirectedTransitions,
  slots: Slots,
): { readonly components: readonly Placed[]; readonly held: readonly Held[] } | null {
  const installed = new Map<string, Placed>();
  for (const { component } of targets) {
    const has = slots.get(component)?.record?.installed ?? null;
    if (has?.product === product) installed.set(component, has);
  }
  const isThere = (target: Placed): boolean => {
    const has = installed.get(target.component);
    return has !== undefined && sameInstall(has, target);
  };
  const [first] = targets;
  if (first === undefined || targets.every((target) => !installed.has(target.component) || isThere(target)))
    return null;
  const everything = new Set(targets.map(({ component }) => component));
  const step = nextStep({
    product,
    graph,
    target: releaseVersionOf(first),
    installed: new Map([...installed].map(([component, has]) => [component, releaseVersionOf(has)])),
    // Nothing passes a waypoint by because of a release that nobody vouches for.
    offered: new Map(
      through.map(({ version, components }) => [
        version,
        components === null ? everything : new Set(components),
      ]),
    ),
  });
  if (step.kind === 'target') return null;
  if (step.kind === 'held') {
    const { code, message } = step;
    const others = targets.filter((target) => !isThere(target));
    return {
      // The same files by another release: it is not said to have come to that one.
      components: targets.filter(isThere).flatMap(({ component }) => installed.get(component) ?? []),
      held: others.map(({ component }) => ({ component, code, message })),
    };
  }
  const waypoint = through.find(({ version }) => version === step.version);
  const components: Placed[] = [];
  const held: Held[] = [];
  for (const { component } of targets) {
    const has = installed.get(component);
    const isPast = has !== undefined && compareVersions(releaseVersionOf(has), step.version) > 0;
    const placed = waypoint?.placed.find((one) => one.component === component);
    const why = waypoint?.held.find((one) => one.component === component);
    // What is further, or not part of the waypoint, waits as it is until the others have come through.
    if (isPast || (placed === undefined && why === undefined))
      components.push(...(has === undefined ? [] : [has]));
    else if (placed !== undefined) components.push(placed);
    else if (why !== undefined) held.push(why);
  }
  return { components, held };
}
