import { type EnvironmentSpec, mappingOf } from '../environment/spec.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import type { PackageDocument } from '../wire/package/document.ts';
import type { TrafficSwitch } from './switch.ts';

/** What was decided: which group serves, by product. What is not in it was never switched. */
export type Decided = Readonly<Record<string, string>>;

/**
 * Which group of a product serves: the one that was switched to, else the one that the component's configuration in the
 * YAML names, else the first. Null: the product has no switch.
 */
export function servingIn(spec: EnvironmentSpec, product: string, decided: Decided): string | null {
  const traffic = trafficOf(spec, product);
  if (traffic === null) return null;
  const { groups } = traffic;
  const known = [Object.hasOwn(decided, product) ? decided[product] : undefined, written(spec, traffic)];
  return groups.find((group) => group === known.find((one) => isOneOf(groups, one))) ?? groups[0];
}

/** The switch of a product, or null. */
export function trafficOf(spec: EnvironmentSpec, product: string): TrafficSwitch | null {
  return (Object.hasOwn(spec.products, product) ? spec.products[product]?.traffic : undefined) ?? null;
}

const isOneOf = (groups: readonly string[], value: unknown): boolean =>
  typeof value === 'string' && groups.includes(value);

/** What the YAML gives to the switch's key. */
function written(spec: EnvironmentSpec, { component, key }: TrafficSwitch): unknown {
  for (const mapping of Object.values(spec.products)) {
    const config = mapping.components === undefined ? undefined : mappingOf(mapping, component)?.config;
    if (config !== undefined && Object.hasOwn(config, key)) return config[key];
  }
  return undefined;
}

/** The environment with the group that serves, which is kept beside the YAML, over the configuration of each switch. */
export function withTraffic(spec: EnvironmentSpec, decided: Decided): EnvironmentSpec {
  const serving: Record<string, Record<string, unknown>> = {};
  for (const product of Object.keys(spec.products)) {
    const traffic = trafficOf(spec, product);
    if (traffic === null) continue;
    const { component, key } = traffic;
    serving[component] = { ...serving[component], [key]: servingIn(spec, product, decided) };
  }
  if (Object.keys(serving).length === 0) return spec;
  const products = Object.entries(spec.products).map(([product, mapping]) => [
    product,
    { ...mapping, serving },
  ]);
  return { ...spec, products: Object.fromEntries(products) };
}

/** Why a package can't be the switch, in words that follow the place of its key; null: it can. */
export function switchFault(
  { component, version, configSchema, configDefaults = {} }: PackageDocument,
  { key, groups }: TrafficSwitch,
): string | null {
  if (configSchema === undefined) {
    return Object.hasOwn(configDefaults, key)
      ? null
      : `expected a key of the configuration of ${component} ${version}, which knows none but its defaults`;
  }
  const schema: JsonSchema | boolean = configSchema;
  const { properties = {} } = typeof schema === 'boolean' ? {} : schema;
  const own = Object.hasOwn(properties, key) ? properties[key] : undefined;
  const values = own === undefined || typeof own === 'boolean' ? undefined : own.enum;
  if (values !== undefined && groups.every((group) => values.includes(group))) return null;
  return `expected a key that the configuration schema of ${component} ${version} has as an enum with ${groups.join(' and ')}`;
}
