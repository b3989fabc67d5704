import { type ErrorCode, XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import type { ObjectSource, SourceChoice } from './object-source.ts';

export interface FailoverOptions {
  readonly clock: Clock;
  /** Called for each fault that counts against a source. */
  readonly onFault?: (source: string, error: XylemError) => void;
}

interface Standing {
  readonly source: ObjectSource;
  faults: number;
  /** Monotonic time until which others come first. */
  avoidUntilMs: number;
}

/** What a source gave was not what was asked for. */
const lies: ReadonlySet<ErrorCode> = new Set([
  'E_DOCUMENT_INVALID',
  'E_FORMAT_UNSUPPORTED',
  'E_OBJECT_DIGEST',
  'E_OFFER_INVALID',
  'E_PACK_INVALID',
  'E_TOO_LARGE',
  'E_TREE_INVALID',
]);
const isLie = (error: XylemError): boolean => lies.has(error.code);

/** A source that is merely dead is tried again after 1 s, doubling to 5 min; one that lied after a minute at least. */
const firstAvoidMs = 1000;
const firstAvoidOfLiarMs = 60_000;
const maxAvoidMs = 300_000;

/** Sources in order of preference. One that failed comes last for a while, and then takes its place again. */
export function failover(sources: readonly ObjectSource[], options: FailoverOptions): SourceChoice {
  const { clock, onFault } = options;
  const standings = sources.map((source): Standing => ({ source, faults: 0, avoidUntilMs: 0 }));

  const ordered = (): Standing[] => {
    const now = clock.monotonicMs();
    const good = standings.filter(({ avoidUntilMs }) => avoidUntilMs <= now);
    const rest = standings.filter(({ avoidUntilMs }) => avoidUntilMs > now);
    return [...good, ...rest.sort((a, b) => a.avoidUntilMs - b.avoidUntilMs)];
  };

  return {
    attempt: async (path, use, signal) => {
      let worst: XylemError | undefined;
      for (const standing of ordered()) {
        signal?.throwIfAborted();
        try {
          const result = await use(standing.source);
          standing.faults = 0;
          return result;
        } catch (error) {
          signal?.throwIfAborted();
          if (!(error instanceof XylemError) || error.retry !== 'elsewhere') throw error;
          worst = worst === undefined || weight(error) > weight(worst) ? error : worst;
          // A parent that has not got something yet is as good as before for everything else.
          if (error.code === 'E_OBJECT_MISSING') continue;
          standing.faults += 1;
          const first = isLie(error) ? firstAvoidOfLiarMs : firstAvoidMs;
          const avoidMs = Math.min(maxAvoidMs, first * 2 ** (standing.faults - 1));
          standing.avoidUntilMs = clock.monotonicMs() + avoidMs;
          onFault?.(standing.source.name, error);
        }
      }
      throw worst ?? new XylemError('E_OBJECT_MISSING', `There is no source to fetch ${path} from.`);
    },
  };
}

/** Which of several errors says most to a person. */
function weight(error: XylemError): number {
  return isLie(error) ? 2 : error.code === 'E_OBJECT_MISSING' ? 1 : 0;
}
