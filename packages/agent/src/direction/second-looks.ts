import type { EnvironmentId } from '@xylem/core';
import {
  afterLook,
  type Doubt,
  firstRound,
  lookPauseMs,
  type ObjectSource,
  stillDoubted,
  whomToAsk,
} from '@xylem/store';
import type { AgentTiming } from '../options.ts';
import type { AsksParents } from '../parents/parents.ts';
import { askTimestamp, type SeenTimestamp } from './timestamp.ts';

export interface SecondLooksOptions extends AsksParents {
  readonly environment: EnvironmentId;
  readonly timing: AgentTiming;
  /** The newest snapshot that the parent in use has shown. */
  readonly shown: () => number;
}

/** What other parents show, beside the one in use (docs/spec/failover.md). */
export interface SecondLooks {
  /** Asks another now and then, until the signal. */
  run(): Promise<void>;
  /** What the parent in use has not shown for longer than it may. */
  overdue(): Doubt | null;
  /** That witness said what it does not give. */
  mistrust(witness: string): void;
}

/** Who said what was not so is asked for no second word for so long. */
const mistrustedMs = 3_600_000;

export function secondLooks(options: SecondLooksOptions): SecondLooks {
  const { parents, clock, randomness, timing, signal, log } = options;
  const seen = new Map<string, SeenTimestamp>();
  const mistrusted = new Map<string, number>();
  let doubt: Doubt | null = null;

  const isTrusted = (url: string): boolean => (mistrusted.get(url) ?? 0) <= clock.monotonicMs();
  /** What this node shows now; what it showed before where that is still so. */
  const shows = async (source: ObjectSource): Promise<number> => {
    const before = seen.get(source.name);
    const now = await askTimestamp(source, options.environment, {
      etag: before?.etag,
      timeoutMs: timing.timestampMs,
      clock,
      signal,
    });
    if (now !== null) seen.set(source.name, now);
    return (now ?? before)?.snapshot ?? 0;
  };
  const look = async (round: number): Promise<void> => {
    const parent = parents.current()?.url;
    if (parent === undefined) return;
    const { equals, above } = parents.others();
    const witness = whomToAsk(
      equals.filter(isTrusted),
      above.filter(isTrusted),
      round,
      randomness.fraction(),
    );
    if (witness === null) return;
    const found = await shows(parents.source(witness));
    const looked = { parent, shown: options.shown(), witness, found, nowMs: clock.monotonicMs() };
    doubt = afterLook(doubt, looked);
    if (doubt !== null) log.info('another parent shows more', { ...doubt });
  };

  return {
    run: async () => {
      for (let round = firstRound(randomness.fraction()); !signal.aborted; round += 1) {
        const pauseMs = lookPauseMs(timing.secondLookMs, randomness.fraction());
        await clock.sleep(pauseMs, signal).catch(() => undefined);
        if (signal.aborted) return;
        await look(round).catch((cause: unknown) => log.info('another parent did not show', { cause }));
      }
    },
    overdue: () => {
      doubt = stillDoubted(doubt, parents.current()?.url ?? null, options.shown());
      return doubt !== null && clock.monotonicMs() - doubt.sinceMs >= timing.parentBehindMs ? doubt : null;
    },
    mistrust: (witness) => {
      mistrusted.set(witness, clock.monotonicMs() + mistrustedMs);
      if (doubt?.witness === witness) doubt = null;
    },
  };
}
