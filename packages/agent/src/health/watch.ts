import type { Clock } from '@xylem/platform';
import type { HealthCheck } from './check.ts';

/** Slow enough that an idle host stays idle. */
const everyMs = 15_000;
/** So many bad looks in a row, and a service that was well is not. */
const badLooks = 3;

/** Keeps looking at services that run. */
export interface HealthWatch {
  /** Null: not known of this very instance, or it has no check. */
  healthy(component: string, instance: string): boolean | null;
  /** Watches exactly these from now on. */
  watch(wanted: ReadonlyMap<string, { check: HealthCheck; instance: string }>): void;
  close(): void;
}

interface Watched {
  readonly instance: string;
  readonly end: AbortController;
  healthy: boolean | null;
}

/** @param changed a service became well, or is no longer */
export function healthWatch(clock: Clock, changed: (component: string) => void): HealthWatch {
  const watched = new Map<string, Watched>();

  const follow = async (component: string, own: Watched, check: HealthCheck): Promise<void> => {
    const { signal } = own.end;
    let bad = 0;
    while (!signal.aborted) {
      const fault = await check.look(signal);
      if (signal.aborted) return;
      bad = fault === null ? 0 : bad + 1;
      const healthy = fault === null ? true : bad >= badLooks || own.healthy === null ? false : own.healthy;
      if (healthy !== own.healthy) {
        own.healthy = healthy;
        changed(component);
      }
      // A bad look is repeated soon, so that the verdict does not take three long pauses.
      const pauseMs =
        fault === null ? Math.max(check.intervalMs, everyMs) : Math.max(check.intervalMs, 1_000);
      await clock
        .sleep(bad >= badLooks ? Math.max(pauseMs, everyMs / 3) : pauseMs, signal)
        .catch(() => undefined);
    }
  };

  return {
    healthy: (component, instance) => {
      const own = watched.get(component);
      return own?.instance === instance ? own.healthy : null;
    },
    watch: (wanted) => {
      for (const [component, own] of watched) {
        if (wanted.get(component)?.instance === own.instance) continue;
        own.end.abort();
        watched.delete(component);
      }
      for (const [component, { check, instance }] of wanted) {
        if (watched.has(component)) continue;
        const own: Watched = { instance, end: new AbortController(), healthy: null };
        watched.set(component, own);
        void follow(component, own, check);
      }
    },
    close: () => {
      for (const own of watched.values()) own.end.abort();
      watched.clear();
    },
  };
}
