import {
  type ComponentChange,
  type Digest,
  type EnvironmentSpec,
  type KnownRelease,
  mappingOf,
  type ProductDirection,
  type ReleaseName,
} from '@xylem/core';

/** The release that a deployment comes after, or null. */
export function formerRelease({ settled, deployments }: ProductDirection): ReleaseName | null {
  const newest = deployments[0];
  if (newest !== undefined) return newest.deployment.to;
  return settled === null ? null : nameOf(settled);
}

export const nameOf = ({ digest, release }: KnownRelease): ReleaseName => ({
  digest,
  version: release.version,
});

/** What changes for each component: the packages that hosts may run before, and the one after. */
export function componentsOf(
  spec: EnvironmentSpec,
  product: string,
  { settled, deployments }: ProductDirection,
  target: KnownRelease | null,
): Record<string, ComponentChange> {
  const below = [...deployments.map(({ release }) => release), settled].filter((release) => release !== null);
  const goal = target ?? below[0] ?? null;
  const mapping = Object.hasOwn(spec.products, product) ? spec.products[product] : undefined;
  const packageIn = (known: KnownRelease, component: string): Digest[] =>
    known.release.packages.filter((entry) => entry.component === component).map((entry) => entry.package);
  const components = (goal?.release.packages ?? [])
    .map(({ component }) => component)
    .filter((component) => mapping !== undefined && mappingOf(mapping, component) !== undefined);
  return Object.fromEntries(
    components.map((component) => [
      component,
      {
        from: [...new Set(below.flatMap((known) => packageIn(known, component)))],
        to: target === null ? null : (packageIn(target, component)[0] ?? null),
      },
    ]),
  );
}
