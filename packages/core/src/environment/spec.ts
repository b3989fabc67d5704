import type { HostCount } from '../deployment/deployment.ts';
import type { Config } from '../direction/config.ts';
import type { Version } from '../versions.ts';

/** What an environment's YAML says (docs/concepts.md), with everything optional filled in. */
export interface EnvironmentSpec {
  /** `<tenant>/<environment>`. */
  readonly name: string;
  /** In the order in which they are written. */
  readonly products: Readonly<Record<string, ProductMapping>>;
  readonly policy: EnvironmentPolicy;
}

export interface ProductMapping {
  /** At most one of the two; with neither, deployments alone decide. */
  readonly channel?: string;
  readonly release?: Version;
  /** Absent: every component of the release on every host. Else those that are named. */
  readonly components?: Readonly<Record<string, ComponentMapping>>;
}

export interface ComponentMapping {
  /** A selector. */
  readonly where: string;
  readonly config: Config;
  /** Besides what the release says. May name components of other products. */
  readonly after: readonly string[];
}

export interface EnvironmentPolicy {
  readonly reportEverySeconds: number;
  readonly keepPrevious: number;
  /** For rolling deployments that do not say otherwise. */
  readonly maxUnavailable: HostCount;
}

export const defaultTenant = 'default';
export const defaultPolicy: EnvironmentPolicy = {
  reportEverySeconds: 3600,
  keepPrevious: 1,
  maxUnavailable: '10%',
};
export const everywhere: ComponentMapping = { where: 'all', config: {}, after: [] };

/** How a product maps a component: undefined where it is not installed in this environment. */
export function mappingOf(mapping: ProductMapping, component: string): ComponentMapping | undefined {
  if (mapping.components === undefined) return everywhere;
  return Object.hasOwn(mapping.components, component) ? mapping.components[component] : undefined;
}
