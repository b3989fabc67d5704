import { array, either, titled } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { addressFault, type Probe, rootProbeSchema } from '../verification/probe.ts';
import { name } from '../wire/fields.ts';
import { mostProbes } from '../wire/probes.ts';

/** docs/spec/plans.md, Probes. */

/** Of a stage's `verification`: names of probes of the environments' policies (`verify`), and probes of the plan itself. */
export const planProbesSchema = array(
  titled(either(name, rootProbeSchema), 'the name of a probe, or a probe (name, url)'),
  { minItems: 1, maxItems: mostProbes },
);
export type PlanProbes = Static<typeof planProbesSchema>;

export const planProbeName = (probe: PlanProbes[number]): string =>
  typeof probe === 'string' ? probe : probe.name;

/** Those that stand in the plan. */
export const statedProbes = (probes: PlanProbes): Probe[] => probes.filter((one) => typeof one !== 'string');

/** What of the list its schema could not see: where it lies, and a clause. Pure. */
export function planProbesFault(
  probes: PlanProbes,
): { readonly path: readonly (string | number)[]; readonly clause: string } | null {
  for (const [index, probe] of probes.entries()) {
    if (typeof probe === 'string') continue;
    if (probes.some((one, at) => at !== index && planProbeName(one) === probe.name))
      return {
        path: [index, 'name'],
        clause: 'expected another name: there is a probe of this name already',
      };
    const clause = addressFault(probe);
    if (clause !== null) return { path: [index, 'url'], clause };
  }
  return null;
}
