import { compareVersions, type Version } from '../versions.ts';
import { pathFrom, type TransitionGraph, type Way } from './path.ts';

/** Where a host is led next with one product. */
export type NextStep =
  | { readonly kind: 'target' }
  /** Through this release first. */
  | { readonly kind: 'waypoint'; readonly version: Version }
  | {
      readonly kind: 'held';
      readonly code: 'E_WAYPOINT' | 'E_DEAD_END' | 'E_DOWNGRADE';
      readonly message: string;
    };

export interface ProductOnHost {
  readonly product: string;
  readonly graph: TransitionGraph;
  /** Of the release that direction gives. */
  readonly target: Version;
  /** Version of the release that each installed component was committed with. */
  readonly installed: ReadonlyMap<string, Version>;
  /** Waypoints that can be had, with the components that each release holds. */
  readonly offered: ReadonlyMap<Version, ReadonlySet<string>>;
}

/**
 * A host takes a release's components together: it goes on to the next release once all have come to the last one. A
 * component that a waypoint's release does not hold passes it by. Pure.
 */
export function nextStep(of: ProductOnHost): NextStep {
  const { product, target, installed, offered } = of;
  let next: Version | null = null;
  for (const [component, version] of installed) {
    const found = firstStep(of, component, version);
    if (found.kind !== 'steps') return { kind: 'held', ...whyNot(product, version, target, found) };
    const [step] = found.steps;
    if (step === undefined || step === target) continue;
    if (next === null || compareVersions(step, next) < 0) next = step;
  }
  if (next === null) return { kind: 'target' };
  if (offered.has(next)) return { kind: 'waypoint', version: next };
  const lowest = [...installed.values()].reduce((a, b) => (compareVersions(a, b) <= 0 ? a : b));
  return {
    kind: 'held',
    code: 'E_WAYPOINT',
    message: `${product} ${lowest} gets to ${target} only through ${next}, by its publisher's word, and direction does not offer that to this host.`,
  };
}

/** The way of one component, from the last waypoint that its release holds nothing of. */
function firstStep({ graph, target, offered }: ProductOnHost, component: string, installed: Version): Way {
  for (let at = installed; ; ) {
    const path = pathFrom(graph, at, target);
    const [step] = path.kind === 'steps' ? path.steps : [];
    if (step === undefined || step === target || offered.get(step)?.has(component) !== false) return path;
    at = step;
  }
}

/** For reports and plans. Pure. */
export function whyNot(
  product: string,
  installed: Version,
  target: Version,
  path: Exclude<Way, { kind: 'steps' }>,
): { readonly code: 'E_DEAD_END' | 'E_DOWNGRADE'; readonly message: string } {
  if (path.kind === 'refused') {
    return {
      code: 'E_DOWNGRADE',
      message: `${product} ${installed} does not go back to ${target}: ${path.reason}.`,
    };
  }
  const where = path.at === installed ? '' : `, by way of ${path.at}`;
  return {
    code: 'E_DEAD_END',
    message: `No update leads from ${product} ${installed}${where} to ${target}: ${path.reason.replace(/\.$/, '')}.`,
  };
}

/**
 * The waypoints that some host has still to pass through on the way to one of the targets, in ascending order.
 * @param hosts by host, the versions of the releases that its components were committed with
 */
export function waypointsAhead(
  graph: TransitionGraph,
  hosts: Iterable<Iterable<Version>>,
  targets: readonly Version[],
): Version[] {
  const found = new Set<Version>();
  const seen = new Set<Version>();
  for (const versions of hosts) {
    for (const version of versions) {
      if (seen.has(version)) continue;
      seen.add(version);
      for (const target of targets) {
        const path = pathFrom(graph, version, target);
        if (path.kind === 'steps') for (const step of path.steps.slice(0, -1)) found.add(step);
      }
    }
  }
  return [...found].sort(compareVersions);
}
