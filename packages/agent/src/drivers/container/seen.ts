import type { StateLayout } from '../../state/layout.ts';
import { type FoundContainer, findContainers } from './containers.ts';
import { type SeenUnit, seeUnits } from './units.ts';

/** A component's container as podman shows it, and its unit as systemd does. At least one of them is there. */
export interface SeenContainer {
  readonly component: string;
  readonly found: FoundContainer | null;
  /** Null: podman alone runs it. */
  readonly unit: SeenUnit | null;
  /**
   * `between`: systemd is about to start it, once more; `over`: nobody but the agent starts it again, or it is not as
   * it was started.
   */
  readonly standing: 'runs' | 'between' | 'over';
}

/**
 * What there is of these components.
 * @throws PodmanFailure; XylemError E_SUPERVISOR
 */
export async function seeContainers(
  layout: StateLayout,
  components: readonly string[],
  signal?: AbortSignal,
): Promise<SeenContainer[]> {
  const units = await seeUnits(layout, components);
  const found = await findContainers(layout.root, components, signal);
  const byComponent = new Map(found.map((one) => [one.component, one]));
  const odd = [...units.values()].filter(
    ({ component, status }) => isActive(status) && byComponent.get(component)?.running !== true,
  );
  // One that is started anew between the two looks is seen by neither.
  const again = await seeUnits(
    layout,
    odd.map(({ component }) => component),
  );
  return components.flatMap((component) => {
    const own = byComponent.get(component) ?? null;
    const unit = units.get(component) ?? null;
    if (own === null && unit === null) return [];
    const isMoving =
      again.has(component) && again.get(component)?.status.invocation !== unit?.status.invocation;
    const standing = isMoving ? 'between' : standingOf(own, unit);
    return [{ component, found: own, unit, standing } as const];
  });
}

const isActive = ({ active, hasJob }: SeenUnit['status']): boolean => active === 'active' && !hasJob;

/** Pure. */
function standingOf(found: FoundContainer | null, unit: SeenUnit | null): SeenContainer['standing'] {
  const runs = found?.running === true;
  // Somebody removed the unit of one that runs on.
  if (unit === null) return runs && !found.ofUnit ? 'runs' : 'over';
  if (!unit.isIntact) return 'over';
  const { active, hasJob } = unit.status;
  if (!hasJob && ['inactive', 'failed'].includes(active)) return 'over';
  if (runs) return active === 'active' ? 'runs' : 'between';
  return isActive(unit.status) ? 'over' : 'between';
}
