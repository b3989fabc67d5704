import {
  type HostProbe,
  type ProbeReport,
  type ProbeSeen,
  type ProbeStanding,
  pauseAfter,
  standingAfter,
  timeOf,
} from '@xylem/core';
import type { Clock, Log, Randomness } from '@xylem/platform';
import type { Wake } from '../run/wake.ts';
import type { ObservedSlot } from '../slot/observed.ts';

/** Asks addresses for the environment, at its own pace, beside everything else. */
export interface HostVerifier {
  /** Until the signal ends it. */
  run(): Promise<void>;
  /** What is to be asked, or what runs here, may be another now. */
  look(): void;
  /** What came of those that are to be asked now, by name. */
  reports(): ProbeReport[];
}

export interface HostVerifierOptions {
  readonly probes: () => readonly HostProbe[];
  /** Another text once something that runs here was changed. */
  readonly changes: () => string;
  /** Bounded in time and bytes. */
  readonly ask: (probe: HostProbe) => Promise<ProbeSeen>;
  readonly looked: Wake;
  readonly clock: Clock;
  readonly randomness: Pick<Randomness, 'fraction'>;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Something that a report says has changed. */
  readonly changed: () => void;
}

interface Followed {
  readonly of: string;
  standing: ProbeStanding | null;
  /** As `changes` said last, and when what came of it was told last. */
  changes: string;
  told: string | null;
  /** By the clock that never goes back. */
  dueMs: number;
}

const mostAtOnce = 4;
/** Many hosts learn of a probe, and of a release, in the same moment. */
const spreadMs = 60_000;
/** Documents say whole seconds: what is asked after this was asked after the change. */
const afterChangeMs = 1_000;

/**
 * Keeps asking what direction names. What hangs holds up nothing but itself: each has a deadline, and at most
 * `mostAtOnce` are asked at the same time.
 */
export function hostVerifier(options: HostVerifierOptions): HostVerifier {
  const { clock, randomness, looked, signal } = options;
  const followed = new Map<string, Followed>();
  const asking = new Map<string, Promise<void>>();

  const spread = (probe: HostProbe): number =>
    probe.here === true ? 0 : randomness.fraction() * Math.min(spreadMs, pauseMs(probe, null));
  const pauseMs = (probe: HostProbe, standing: ProbeStanding | null): number =>
    standing === null ? (probe.everySeconds ?? 60) * 1000 : pauseAfter(probe, standing);

  /** Brings what is followed to what is to be asked. */
  const follow = (probes: readonly HostProbe[]): void => {
    const changes = options.changes();
    const nowMs = clock.monotonicMs();
    for (const probe of probes) {
      const one = followed.get(probe.name);
      if (one?.of !== probe.of) {
        followed.set(probe.name, {
          of: probe.of,
          standing: null,
          changes,
          told: null,
          dueMs: nowMs + spread(probe),
        });
      } else if (one.changes !== changes) {
        one.changes = changes;
        one.dueMs = Math.min(one.dueMs, nowMs + afterChangeMs + spread(probe));
      }
    }
    const names = new Set(probes.map(({ name }) => name));
    for (const name of followed.keys()) if (!names.has(name)) followed.delete(name);
  };

  const ask = async (probe: HostProbe, one: Followed): Promise<void> => {
    const { changes, standing: before } = one;
    const seen = await options.ask(probe);
    if (signal.aborted) return;
    const standing = standingAfter(probe, seen, clock.now(), before);
    one.standing = standing;
    const jitter = 0.9 + 0.2 * randomness.fraction();
    const nextMs = one.changes === changes ? pauseMs(probe, standing) * jitter : afterChangeMs;
    one.dueMs = clock.monotonicMs() + nextMs;
    const isNews = standing.doubt === null && one.told !== changes;
    if (isNews) one.told = changes;
    if (isNews || standing.said.state !== before?.said.state) options.changed();
  };

  const begin = (probe: HostProbe, one: Followed): void => {
    one.dueMs = Number.POSITIVE_INFINITY;
    const over = ask(probe, one)
      .catch((cause: unknown) => {
        options.log.error('a probe could not be asked', { probe: probe.name, cause });
        one.dueMs = clock.monotonicMs() + pauseMs(probe, null);
      })
      .finally(() => {
        asking.delete(probe.name);
        looked.wake();
      });
    asking.set(probe.name, over);
  };

  const round = (): number => {
    const probes = options.probes();
    follow(probes);
    const nowMs = clock.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const probe of probes) {
      const one = followed.get(probe.name);
      if (one === undefined || asking.has(probe.name)) continue;
      if (one.dueMs > nowMs) nextMs = Math.min(nextMs, one.dueMs);
      else if (asking.size < mostAtOnce) begin(probe, one);
    }
    return Math.min(nextMs - nowMs, spreadMs);
  };

  return {
    look: () => looked.wake(),
    reports: () =>
      options.probes().flatMap(({ name, of }) => {
        const said = followed.get(name)?.standing?.said;
        if (said?.of !== of) return [];
        const { state, reason, since, at } = said;
        return [{ name, of, state, reason: reason.slice(0, 255), since: timeOf(since), at: timeOf(at) }];
      }),
    run: async () => {
      try {
        while (!signal.aborted) await looked.sleep(round(), signal).catch(() => undefined);
      } finally {
        await Promise.all(asking.values());
      }
    },
  };
}

/** What was committed when, as a text to compare. */
export function changesOf(slots: ReadonlyMap<string, ObservedSlot>): string {
  return JSON.stringify(
    [...slots.values()].map(({ component, record }) => [component, record?.since ?? null]),
  );
}
