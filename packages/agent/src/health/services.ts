import type { Clock } from '@xylem/platform';
import type { Places } from '../drivers/driver.ts';
import { serviceSpec } from '../drivers/service/spec.ts';
import type { ObservedSlot } from '../slot/observed.ts';
import { type HealthCheck, healthCheckOf } from './check.ts';
import { healthWatch } from './watch.ts';

type Slots = ReadonlyMap<string, ObservedSlot>;

/** How the services that were committed are. */
export interface ServiceHealth {
  /** From now on those of these slots that run as they were committed. */
  watch(slots: Slots): void;
  /** Of this very process; null: not known yet. */
  healthy(slot: ObservedSlot): boolean | null;
  close(): void;
}

/** @param changed a service became well, or is no longer */
export function serviceHealth(places: Places, clock: Clock, changed: () => void): ServiceHealth {
  const health = healthWatch(clock, changed);
  return {
    watch: (slots) => {
      const watched = new Map<string, { check: HealthCheck; instance: string }>();
      for (const { component, record, running } of slots.values()) {
        const installed = record?.installed ?? null;
        if (running?.alive !== true || installed?.kind !== 'service') continue;
        const check = healthCheckOf(installed, places);
        if (check === null || serviceSpec(installed, places).fingerprint !== running.fingerprint) continue;
        watched.set(component, { check, instance: running.instance });
      }
      health.watch(watched);
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
