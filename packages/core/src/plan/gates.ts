import { healthSchema, provenanceSchema } from '../environment/demands.ts';
import type { EnvironmentPolicy } from '../environment/spec.ts';
import { closedObject, described, literal } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { afterStageSchema, incidentDemandSchema } from '../stage-order/policy.ts';
import type { ForceableGate } from './document.ts';

/** What a stage of a plan demands besides the policies of its environments (docs/spec/plans.md, Gates). */
export const planGatesSchema = closedObject(
  {},
  {
    after: described(
      afterStageSchema,
      'What must come first: stage (absent: the one before), soak, incidents, tests.',
    ),
    change: described(literal('required'), 'required: the change ticket of the plan is approved.'),
    health: described(healthSchema, 'How many of its hosts must be well, like { atLeast: 90% }.'),
    incidents: described(
      incidentDemandSchema,
      'none: no open incident there; acknowledged: none that nobody has acknowledged.',
    ),
    preflight: described(
      literal('required'),
      'required: all hosts that it changes said beforehand that they can take it.',
    ),
    provenance: described(provenanceSchema, 'Statements about the release, and by whose keys.'),
  },
);
export type PlanGates = Static<typeof planGatesSchema>;
type Demand = keyof PlanGates;

const demandOf: Readonly<Partial<Record<string, Demand>>> = {
  'change-ticket': 'change',
  health: 'health',
  incidents: 'incidents',
  preflight: 'preflight',
  'stage-order': 'after',
  statements: 'provenance',
} satisfies Partial<Record<ForceableGate, Demand>>;

/** A policy by which a gate is looked at, and whether the plan makes it so. */
export interface GatePolicy {
  readonly policy: EnvironmentPolicy;
  readonly isPlans: boolean;
}

/** By which policies a gate is looked at: it must be open by all of them, so a plan can only be stricter. Pure. */
export function gatePolicies(
  gate: string,
  policy: EnvironmentPolicy,
  demanded: PlanGates,
): readonly GatePolicy[] {
  const own = { policy, isPlans: false };
  const key = demandOf[gate];
  if (key === undefined || demanded[key] === undefined) return [own];
  const plans = { policy: { ...policy, [key]: demanded[key] }, isPlans: true };
  // The order of stages is demanded of who has a stage, whatever policy says of it.
  return policy[key] === undefined && key !== 'after' ? [plans] : [own, plans];
}

/** What the rest of a plan has to do with what it demands. */
interface Beside {
  readonly isDeploy: boolean;
  readonly urgent: boolean;
  readonly hasChange: boolean;
  readonly forces: readonly ForceableGate[];
}

/** What of the demands can't be, and why; null: nothing. */
export function gatesFault(
  gates: PlanGates,
  { isDeploy, urgent, hasChange, forces }: Beside,
): { readonly key: Demand | null; readonly clause: string } | null {
  const keys = Object.keys(gates) as Demand[];
  if (keys.length === 0) return { key: null, clause: 'expected at least one gate' };
  const forced = forces.map((gate) => demandOf[gate]);
  for (const key of keys) {
    if (!isDeploy && key !== 'change')
      return { key, clause: 'expected a release: an undeploy has no such gate' };
    if (key === 'change' && !hasChange)
      return { key, clause: 'expected with a change ticket, which the plan names (change)' };
    if (key === 'after' && urgent)
      return {
        key,
        clause: 'expected of a plan that is not urgent: an urgent one passes what must come first',
      };
    if (forced.includes(key)) return { key, clause: 'expected a gate that the plan does not force' };
  }
  return null;
}
