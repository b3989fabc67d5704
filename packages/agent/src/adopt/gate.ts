import type { Reason } from '../converge/goal.ts';
import type { Plan } from '../converge/plan.ts';
import type { SlotPlan, Step } from '../converge/steps.ts';
import type { WantedState } from '../direction/wanted.ts';
import type { Drivers } from '../drivers/driver.ts';
import { isOccupied, type ObservedSlot } from '../slot/observed.ts';
import type { Observing } from './adoption-file.ts';
import type { Adoption } from './adoptions.ts';

/** What a host that observes has to go by. */
export interface AdoptionState {
  /** Null: the host follows direction. */
  readonly observing: Observing | null;
  readonly adoptions: ReadonlyMap<string, Adoption>;
  /** What is at the places that packages name, by component. */
  readonly found: ReadonlyMap<string, readonly string[]>;
  /** Why orders that stand wait. */
  readonly stalled: ReadonlyMap<string, Reason>;
}

/** Turns what a host would do into what it may. */
export type Gate = (plan: Plan, slots: ReadonlyMap<string, ObservedSlot>) => Plan;

/**
 * Of a host that observes nothing is led anywhere but what it adopted, adopts, or gives back; what it would do is said
 * instead. Pure.
 */
export function gated(
  planned: Plan,
  slots: ReadonlyMap<string, ObservedSlot>,
  wanted: WantedState | null,
  drivers: Drivers,
  state: AdoptionState,
): Plan {
  if (state.observing === null) return planned;
  const waiting = new Map(planned.waiting);
  const plans: SlotPlan[] = [];
  const names = new Set([
    ...planned.slots.map(({ component }) => component),
    ...slots.keys(),
    ...(wanted?.components ?? []).map(({ component }) => component),
  ]);
  for (const component of names) {
    const plan = planned.slots.find((one) => one.component === component);
    const slot = slots.get(component);
    const adoption = state.adoptions.get(component);
    const isInstalled = (slot?.record?.installed ?? null) !== null;
    const isOccupiedNow = slot !== undefined && isOccupied(slot);
    if (isGivenBack(adoption)) {
      if (isOccupiedNow) plans.push(disowning(component, plan, slot));
    } else if (isInstalled) {
      if (plan !== undefined) plans.push(plan);
    } else if (adoption?.outcome === 'agreed') {
      // One that may only be fetched waits for its moment.
      if (plan?.target?.package === adoption.package && plan.action !== 'fetch-ahead')
        plans.push(adopting(plan, adoption, drivers));
    } else {
      // What an attempt left that ended otherwise.
      if (isOccupiedNow) plans.push(disowning(component, plan, slot));
      const target = wanted?.components.find((one) => one.component === component);
      if (target === undefined) continue;
      const steps = plan?.steps.map(({ kind }) => kind) ?? [];
      const message = observingText(component, target.version, steps, state.found.get(component) ?? []);
      waiting.set(component, state.stalled.get(component) ?? { code: 'E_OBSERVING', message });
    }
  }
  // In the order of the plan.
  const order = new Map(planned.slots.map(({ component }, i) => [component, i]));
  const at = ({ component }: SlotPlan): number => order.get(component) ?? -1;
  return { slots: plans.sort((a, b) => at(a) - at(b)), waiting };
}

/** An order to give back that is under way. */
function isGivenBack(adoption: Adoption | undefined): boolean {
  return adoption?.undo === true && adoption.outcome === null;
}

function disowning(component: string, plan: SlotPlan | undefined, slot: ObservedSlot): SlotPlan {
  const kind = slot.running?.kind ?? slot.record?.installed?.kind ?? plan?.kind ?? 'files';
  const steps: Step[] = [{ kind: 'disown' }, { kind: 'remove', keepRecord: false }];
  return {
    component,
    kind,
    action: 'disown',
    target: null,
    isReturn: false,
    outgoing: null,
    steps,
    drift: null,
  };
}

/** The ordinary steps to its package, of which those that start, stop or check anew are left out. */
function adopting(plan: SlotPlan, { source }: Adoption, drivers: Drivers): SlotPlan {
  const { target } = plan;
  if (target === null) return plan;
  const { keeps = [], omits } = drivers[plan.kind].adoption ?? {};
  const without = omits?.(target) ?? [];
  const brings: Step[] = [];
  const rest: Step[] = [];
  for (const step of plan.steps) {
    if (step.kind === 'fetch')
      brings.push(source.path === null ? { ...step, adopts: source } : { ...step, from: source.path });
    else if (step.kind === 'reserve' || step.kind === 'stage') brings.push(step);
    else if (keeps.includes(step.kind) && !without.includes(step.kind)) rest.push(step);
  }
  const steps: Step[] = [...brings, { kind: 'adopt', target, source }, ...rest];
  return { ...plan, action: 'adopt', outgoing: null, steps };
}

function observingText(
  component: string,
  version: string,
  steps: readonly string[],
  found: readonly string[],
): string {
  const would = steps.length === 0 ? 'do nothing now' : steps.join(', ');
  const here = found.length === 0 ? '' : ` Found here: ${found.join('; ')}.`;
  return `This host observes: for ${component} ${version} it would ${would}.${here}`;
}
