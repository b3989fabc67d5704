import { type Need, type PlacedComponent, Placement } from './placed.ts';

/** A product's part of what an environment's components need of each other. */
export interface DependencyGraph {
  /** The product's own, then those that they need and those that need them, at whatever distance. */
  readonly components: readonly PlacedComponent[];
  /** Between `components`; also those that nothing meets. */
  readonly needs: readonly Need[];
}

/** Cycles are walked once. What else a needed component carries is not part of it. Pure. */
export function dependencyGraph(all: readonly PlacedComponent[], product: string): DependencyGraph {
  const placement = new Placement(all);
  const needs = all.flatMap((one) => placement.needsOf(one));
  const needsOf = Map.groupBy(needs, ({ by }) => by);
  const neededBy = new Map<PlacedComponent, PlacedComponent[]>();
  for (const { by, found } of needs) {
    for (const one of found) neededBy.set(one, [...(neededBy.get(one) ?? []), by]);
  }
  const own = all.filter((one) => one.product === product);
  const below = reach(own, (one) => (needsOf.get(one) ?? []).flatMap(({ found }) => found));
  const above = reach(own, (one) => neededBy.get(one) ?? []);
  return {
    components: [...new Set([...own, ...below, ...above])],
    needs: needs.filter(
      ({ by, found }) => below.has(by) || (above.has(by) && found.some((one) => above.has(one))),
    ),
  };
}

function reach(
  from: readonly PlacedComponent[],
  next: (one: PlacedComponent) => readonly PlacedComponent[],
): ReadonlySet<PlacedComponent> {
  const seen = new Set(from);
  // A set hands out what is added while it is walked.
  for (const one of seen) for (const other of next(one)) seen.add(other);
  return seen;
}
