import { type EnvironmentSpec, type PackageDocument, switchFault, XylemError } from '@xylem/core';
import { yamlFault } from '@xylem/core/yaml';
import type { Database } from '../db/tables.ts';
import { trafficRows } from './rows.ts';

interface Yaml {
  readonly yaml: string;
  readonly name: string;
  readonly spec: EnvironmentSpec;
}

/**
 * A package of the component that switches must have the key, for each of the groups.
 * @throws XylemError E_CONFIG_INVALID at its place in the YAML
 */
export function refuseNoSwitch({ yaml, name, spec }: Yaml, document: PackageDocument): void {
  for (const [product, { traffic }] of Object.entries(spec.products)) {
    if (traffic?.component !== document.component) continue;
    const fault = switchFault(document, traffic);
    if (fault === null) continue;
    const { message, details } = yamlFault(yaml, name, ['products', product, 'traffic', 'key'], fault);
    throw new XylemError('E_CONFIG_INVALID', message, { details });
  }
}

/**
 * A group that was switched to stays one of the groups: else a line of YAML would switch.
 * @throws XylemError E_INPUT at its place in the YAML
 */
export async function refuseForgotten(
  db: Database,
  environment: string,
  { yaml, name, spec }: Yaml,
): Promise<void> {
  for (const { product, serving } of await trafficRows(db, environment)) {
    const mapping = Object.hasOwn(spec.products, product) ? spec.products[product] : undefined;
    if (mapping?.traffic === undefined || mapping.traffic.groups.includes(serving)) continue;
    throw yamlFault(
      yaml,
      name,
      ['products', product, 'traffic', 'groups'],
      `expected ${serving} to be one of them: it serves (xylem traffic switch ${product} --to GROUP --in ${name})`,
    );
  }
}
