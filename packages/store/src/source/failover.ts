import { XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import type { Comparison, ComparisonTiming } from './comparison.ts';
import type { Fullness } from './fullness.ts';
import type { ObjectSource, SourceChoice } from './object-source.ts';
import { Patience } from './patience.ts';
import { isObjectPath, Slowness } from './slowness.ts';
import {
  afterAnswer,
  afterFault,
  inStanding,
  isSilence,
  neverAsked,
  type Standing,
  sooner,
  untilForgivenMs,
} from './standing.ts';

export interface FailoverOptions {
  readonly clock: Clock;
  /** From 0 to 1, by which pauses differ among those who lost the same source. Default: 0.5. */
  readonly fraction?: () => number;
  /** Called for each fault that counts against a source. */
  readonly onFault?: (source: string, error: XylemError) => void;
  /** Those that say that they are full. */
  readonly fullness?: Fullness;
  /** When a slow one is compared, and with which of the others: at once, or only after long waiting. Default: never. */
  readonly compare?: {
    readonly timing: ComparisonTiming;
    readonly isRival: (source: string) => 'now' | 'later' | false;
  };
}

export interface Failover extends SourceChoice {
  /** @param use gets, too, when its source was chosen: monotonic milliseconds */
  attempt<T>(
    path: string,
    use: (source: ObjectSource, chosenMs: number) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>;
  /** Milliseconds until one that comes before this source may be asked again; null where none was left when it was chosen. */
  betterAgainMs(source: string, chosenMs: number): number | null;
}

const maxAvoidMs = 300_000;

/** Sources in order of preference. One that failed comes last for a while, and then takes its place again. */
export function failover(
  sources: readonly ObjectSource[],
  { clock, fraction = () => 0.5, onFault, fullness, compare }: FailoverOptions,
): Failover {
  const names = sources.map(({ name }) => name);
  const byName = new Map(sources.map((source) => [source.name, source]));
  const standings = new Map<string, Standing>();
  const standingOf = (name: string): Standing => standings.get(name) ?? neverAsked;

  const slowness = new Slowness(clock, fraction);
  const inOrder = (path: string): string[] => {
    const all = isObjectPath(path) ? slowness.inOrder(names) : (fullness?.inOrder(names) ?? names);
    return inStanding(all, standings, clock.monotonicMs());
  };
  const blame = (name: string, error: XylemError): void => {
    const nowMs = clock.monotonicMs();
    standings.set(name, afterFault(standingOf(name), error, nowMs, fraction(), maxAvoidMs));
    onFault?.(name, error);
  };
  const rivalsOf = (source: string, when: 'now' | 'later'): ObjectSource[] =>
    sources.filter(
      ({ name }) =>
        byName.has(source) &&
        name !== source &&
        compare?.isRival(name) === when &&
        !slowness.isSlow(name) &&
        standingOf(name).avoidUntilMs <= clock.monotonicMs(),
    );
  const comparison: Comparison | undefined = compare && {
    clock,
    timing: compare.timing,
    patience: new Patience(compare.timing.pacedMs, fraction),
    higher: {
      patience: new Patience(compare.timing.nearlyNothing.afterMs, fraction),
      rivalsOf: (source) => rivalsOf(source, 'later'),
    },
    fraction,
    rivalsOf: (source) => rivalsOf(source, 'now'),
    blame,
  };

  return {
    comparison,
    betterAgainMs: (source, chosenMs) => {
      const better = names.slice(0, Math.max(0, names.indexOf(source)));
      return sooner(
        untilForgivenMs(better, standings, clock.monotonicMs(), chosenMs),
        fullness?.dueMs(better, chosenMs) ?? null,
      );
    },
    attempt: async (path, use, signal) => {
      let worst: XylemError | undefined;
      const chosenMs = clock.monotonicMs();
      for (const name of inOrder(path)) {
        const source = byName.get(name);
        if (source === undefined) continue;
        signal?.throwIfAborted();
        try {
          const result = await use(source, chosenMs);
          standings.set(name, afterAnswer(standingOf(name), clock.monotonicMs()));
          return result;
        } catch (error) {
          signal?.throwIfAborted();
          // Whoever fetches goes on after a verdict, by the new order.
          if (slowness.note(error) || !(error instanceof XylemError) || error.retry !== 'elsewhere')
            throw error;
          worst = worst === undefined || weight(error) > weight(worst) ? error : worst;
          // A parent that has not got something yet is as good as before for everything else.
          if (error.code === 'E_OBJECT_MISSING' || error.code === 'E_PARENT_FULL') continue;
          blame(name, error);
        }
      }
      throw worst ?? new XylemError('E_OBJECT_MISSING', `There is no source to fetch ${path} from.`);
    },
  };
}

/** Which of several errors says most to a person. */
function weight(error: XylemError): number {
  return isSilence(error) ? 0 : error.code === 'E_OBJECT_MISSING' ? 1 : 2;
}
