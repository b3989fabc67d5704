import type { EnvironmentId, NewsFile } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import { type ObjectSource, readNewsFile } from '@xylem/store';

/** The news files of an environment, by parent. */
export interface NewsFiles {
  /** What changed between two snapshots, or null where this parent has no such file, or gave something else. */
  read(source: ObjectSource, from: number, to: number): Promise<NewsFile | null>;
}

/** One that is missing may only be too old; after so many in a row, a parent has none. */
const missesToBelieve = 2;
/** Then it is asked again after so long. */
const askAgainMs = 3_600_000;

export function newsFilesOf(options: {
  readonly environment: EnvironmentId;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}): NewsFiles {
  const { environment, clock, log, signal } = options;
  const missing = new Map<string, { readonly times: number; readonly sinceMs: number }>();
  return {
    read: async (source, from, to) => {
      const before = missing.get(source.name);
      const nowMs = clock.monotonicMs();
      const times = before === undefined || nowMs - before.sinceMs >= askAgainMs ? 0 : before.times;
      if (times >= missesToBelieve) return null;
      try {
        const found = await readNewsFile(source, environment, from, to, { clock, signal });
        if (found === null) missing.set(source.name, { times: times + 1, sinceMs: nowMs });
        else missing.delete(source.name);
        return found;
      } catch (cause) {
        signal.throwIfAborted();
        log.warn('news file not used', { parent: source.name, cause });
        return null;
      }
    },
  };
}
