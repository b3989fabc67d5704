import { compareVersions, inRange, type Version } from '../versions.ts';
import type { RoleExtension } from '../wire/role-extension.ts';

/** What a product's publisher says about the ways between its releases: docs/spec/transitions.md. */
export type TransitionGraph = Pick<RoleExtension, 'floor' | 'transitions'>;

/** How an installation comes to a release. */
export type Way =
  /** The versions to take one after the other, the last is the target; none: it is there. */
  | { readonly kind: 'steps'; readonly steps: readonly Version[] }
  /** From `at`, which may be a waypoint, no update leads on. */
  | { readonly kind: 'dead-end'; readonly at: Version; readonly reason: string }
  /** A downgrade that the publisher does not allow. */
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * The way from what is installed (null: nothing) to a target. Pure.
 *
 * Invariants (property-tested): versions rise, or there is one step down; each step is `isLegalStep`; no step can be
 * left out; where waypoints concern all versions below them, no other legal way is shorter.
 */
export function pathFrom(graph: TransitionGraph, installed: Version | null, target: Version): Way {
  if (installed === null) return { kind: 'steps', steps: [target] };
  const order = compareVersions(target, installed);
  if (order === 0) return { kind: 'steps', steps: [] };
  if (order < 0) {
    const reason = downgradeRefused(graph, installed, target);
    return reason === null ? { kind: 'steps', steps: [target] } : { kind: 'refused', reason };
  }
  const steps: Version[] = [];
  for (let at = installed; ; ) {
    const reason = deadEndAt(graph, at);
    if (reason !== null) return { kind: 'dead-end', at, reason };
    const next = waypointAfter(graph, at, target);
    steps.push(next ?? target);
    if (next === null) return { kind: 'steps', steps };
    at = next;
  }
}

/** Whether the publisher allows to go from one version to another at once. Pure. */
export function isLegalStep(graph: TransitionGraph, from: Version, to: Version): boolean {
  const order = compareVersions(to, from);
  if (order < 0) return downgradeRefused(graph, from, to) === null;
  return order === 0 || (deadEndAt(graph, from) === null && waypointAfter(graph, from, to) === null);
}

/** The first waypoint between two versions that concerns the first of them, or null. */
function waypointAfter(graph: TransitionGraph, at: Version, target: Version): Version | null {
  const found = liveWaypoints(graph).find(
    ({ version, from }) =>
      compareVersions(version, at) > 0 &&
      compareVersions(version, target) < 0 &&
      (from === undefined || inRange(at, from)),
  );
  return found?.version ?? null;
}

/** Those that hosts still take: below the floor nobody can pass through any more. */
export function liveWaypoints({ floor, transitions }: TransitionGraph) {
  const { waypoints = [] } = transitions ?? {};
  return floor === undefined
    ? waypoints
    : waypoints.filter(({ version }) => compareVersions(version, floor) >= 0);
}

/** Why no update leads on from a version, or null. */
function deadEndAt({ transitions }: TransitionGraph, at: Version): string | null {
  return transitions?.deadEnds?.find(({ versions }) => inRange(at, versions))?.reason ?? null;
}

/** Down is allowed but past a waypoint that the way up leads through, unless the publisher says otherwise. */
function downgradeRefused(graph: TransitionGraph, from: Version, to: Version): string | null {
  const said = graph.transitions?.downgrades?.find((one) => inRange(from, one.from) && inRange(to, one.to));
  if (said?.allowed === true) return null;
  if (said !== undefined) return `its publisher says that ${from} can't be taken back to ${to}`;
  const passed = liveWaypoints(graph).findLast(
    (waypoint) =>
      compareVersions(waypoint.version, to) > 0 &&
      compareVersions(waypoint.version, from) <= 0 &&
      (waypoint.from === undefined || inRange(to, waypoint.from)),
  );
  if (passed === undefined) return null;
  return `${passed.version} is a waypoint, and its publisher allows no way back from ${from} to ${to}`;
}
