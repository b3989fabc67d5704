import { assignmentsFor, type HostId, keptPins } from '@xylem/core';
import type { HostRecord } from './host-rows.ts';
import type { Directed } from './view.ts';

/**
 * What a host keeps when new labels would take it away in the middle of a deployment: a host does not change its role
 * under a deployment that has counted on it. The pins go when that deployment ends.
 */
export function keptThrough(
  { state, entry }: Directed,
  host: HostRecord,
  labels: Readonly<Record<string, string>>,
): HostRecord['kept'] {
  if (state === null) return {};
  const id = host.id as HostId;
  const before = assignmentsFor(state, id, entry).assignments;
  const after = assignmentsFor(state, id, { ...entry, labels: { ...labels } }).assignments;
  const unfinished = state.assignments.flatMap(({ deployment, product }) =>
    deployment === undefined ? [] : [[product, deployment as string] as const],
  );
  // Of each product the newest deployment comes first, and that one counts.
  const deploymentOf = new Map(unfinished.reverse());
  const pins = keptPins(before, after, new Set(deploymentOf.keys()));
  const productOf = new Map(before.map(({ component, product }) => [component, product]));
  return Object.fromEntries(
    Object.entries(pins).map(([component, digest]) => [
      component,
      { package: digest, deployment: deploymentOf.get(productOf.get(component) ?? '') ?? '' },
    ]),
  );
}
