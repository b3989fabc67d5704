import type { DesiredState } from '../wire/desired-state.ts';

type Part = Pick<
  DesiredState['assignments'][number],
  'component' | 'product' | 'release' | 'package' | 'version'
>;

/** All packages that a desired state leads to: what it assigns, and what hosts may have to pass through. */
export function namedParts({
  assignments,
  through = {},
}: Pick<DesiredState, 'assignments' | 'through'>): Part[] {
  const waypoints = Object.entries(through).flatMap(([product, releases]) =>
    releases.flatMap(({ release, packages }) => packages.map((one): Part => ({ ...one, product, release }))),
  );
  return [...assignments, ...waypoints];
}
