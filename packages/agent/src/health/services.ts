import type { Clock } from '@xylem/platform';
import { containerSpec } from '../drivers/container/spec.ts';
import type { Places } from '../drivers/driver.ts';
import { sidesOf } from '../drivers/service/sides.ts';
import { serviceSpec } from '../drivers/service/spec.ts';
import type { ObservedSlot, Running } from '../slot/observed.ts';
import type { Placed } from '../slot/placed.ts';
import { type HealthCheck, healthCheckOf } from './check.ts';
import { healthWatch } from './watch.ts';

type Slots = ReadonlyMap<string, ObservedSlot>;

/** How the services that were committed are. */
export interface ServiceHealth {
  /** From now on those of these slots that run as they were committed. */
  watch(slots: Slots): void;
  /** Of this very process; null: not known yet. */
  healthy(slot: ObservedSlot): boolean | null;
  /** Whether what was left running for a return still is well; null: there is none, or it is not known yet. */
  warmIsWell(slot: ObservedSlot): boolean | null;
  close(): void;
}

/** @param changed a service became well, or is no longer */
export function serviceHealth(places: Places, clock: Clock, changed: () => void): ServiceHealth {
  const health = healthWatch(clock, changed);
  return {
    watch: (slots) => {
      const watched = new Map<string, { check: HealthCheck; instance: string }>();
      for (const slot of slots.values()) {
        const { component, record, running } = slot;
        const installed = record?.installed ?? null;
        if (running?.alive !== true || installed === null) continue;
        if (installed.kind !== 'service' && installed.kind !== 'container') continue;
        const own = instanceOf(installed, running, places);
        if (own !== null) watched.set(component, own);
        const warm = keptWarm(slot, places);
        if (warm !== null) watched.set(warmKey(component), warm);
      }
      health.watch(watched);
    },
    warmIsWell: (slot) => {
      const warm = keptWarm(slot, places);
      return warm === null ? null : health.healthy(warmKey(slot.component), warm.instance);
    },
    healthy: ({ component, record, running }) => {
      const document = record?.installed?.document;
      // A service without a check is as well as its process, and that lives.
      if (document !== undefined && document.health === undefined) return true;
      return health.healthy(component, running?.instance ?? '');
    },
    close: () => health.close(),
  };
}

interface Watched {
  readonly check: HealthCheck;
  readonly instance: string;
}

/** No component's name. */
const warmKey = (component: string): string => `${component}@warm`;

/** How to look at `running` if it is an instance of `placed`; null if it is not, or has no check. */
function instanceOf(placed: Placed, running: Running, places: Places): Watched | null {
  if (placed.kind === 'container') {
    if (containerSpec(placed, places).fingerprint !== running.fingerprint) return null;
    const check = healthCheckOf(placed, places);
    return check === null ? null : { check, instance: running.instance };
  }
  const side = sidesOf(placed, places)?.find(({ service }) => service === running.service) ?? null;
  if (serviceSpec(placed, places, side).fingerprint !== running.fingerprint) return null;
  const check = healthCheckOf(placed, { ...places, port: side?.port });
  return check === null ? null : { check, instance: running.instance };
}

function keptWarm({ record, running }: ObservedSlot, places: Places): Watched | null {
  const { warm, beside = [] } = running ?? {};
  if (warm === undefined) return null;
  const one = beside.find(({ service, fingerprint, alive }) => {
    return alive && service === warm.service && fingerprint === warm.fingerprint;
  });
  if (one === undefined) return null;
  for (const placed of record?.previous ?? []) {
    const own = placed.kind === 'service' ? instanceOf(placed, one, places) : null;
    if (own !== null) return own;
  }
  return null;
}
