import type { Version } from '../versions.ts';
import { compareVersions } from '../versions.ts';
import type { Coming } from './outcome.ts';
import type { Need, PlacedComponent, Placement } from './placed.ts';

/** Products that change, by name. */
export type Moved = ReadonlyMap<string, Coming>;

export function placementAfter(before: Placement, moved: Moved): Placement {
  return before.with(new Map([...moved].map(([product, { components }]) => [product, components])));
}

/**
 * Needs that are not met once these products have changed: those of what comes, and those of what stays that were met.
 * What was not met before does not hold up who changes something else. Pure.
 */
export function brokenBy(before: Placement, moved: Moved): readonly Need[] {
  const after = placementAfter(before, moved);
  const touched = new Set(
    [...before.components, ...after.components]
      .filter(({ product }) => moved.has(product))
      .map(({ component }) => component),
  );
  const isMoved = ({ product }: PlacedComponent): boolean => moved.has(product);
  return after.components.flatMap((by) =>
    Object.entries(by.requires)
      .filter(([component]) => isMoved(by) || touched.has(component))
      .map(([component, range]) => after.need(by, component, range))
      .filter(({ met, component, range }) => !met && (isMoved(by) || before.need(by, component, range).met)),
  );
}

/** Whether a need is still not met, by what its component requires now. Pure. */
export function isStillBroken(after: Placement, { by, component }: Need): boolean {
  return after
    .named(by.component)
    .filter(({ product }) => product === by.product)
    .some((one) => {
      const range = one.requires[component];
      return range !== undefined && !after.need(one, component, range).met;
    });
}

/** The newest release of a product that is there; null: none. */
export function releaseIn({ components }: Placement, product: string): Version | null {
  const versions = components.filter((one) => one.product === product).map(({ release }) => release);
  return versions.sort(compareVersions).at(-1) ?? null;
}
