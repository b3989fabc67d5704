import { type EnvironmentId, limits, XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import { type ObjectSource, within } from '@xylem/store';
import { bodyOf } from '../parents/requests.ts';

/** A timestamp as somebody gave it: nobody has verified it. */
export interface SeenTimestamp {
  readonly bytes: Uint8Array;
  readonly etag: string | undefined;
  readonly version: number;
  readonly snapshot: number;
}

/** Asks one parent for an environment's timestamp; null: still the one of that ETag. @throws XylemError E_PARENT_REFUSED where it has none */
export async function askTimestamp(
  source: ObjectSource,
  environment: EnvironmentId,
  options: {
    readonly etag?: string | undefined;
    readonly timeoutMs: number;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<SeenTimestamp | null> {
  const path = `r/${environment}/metadata/timestamp.json`;
  const { etag, timeoutMs, clock, signal: over } = options;
  return await within(clock, timeoutMs, `${source.name}/${path}`, over, async (signal) => {
    const answer = await source.get(path, { signal, ...(etag === undefined ? {} : { ifNoneMatch: etag }) });
    if (answer.status === 'unchanged') return null;
    if (answer.status === 'missing') {
      throw new XylemError('E_PARENT_REFUSED', `${source.name} does not serve this environment.`, {
        retry: 'elsewhere',
      });
    }
    const bytes = await bodyOf(answer.body, limits.timestamp, `${source.name}/${path}`, signal);
    return { bytes, etag: answer.etag, ...hintsOf(bytes) };
  });
}

/** What an unverified timestamp says: to know which news file to ask for, and whether it is worth a refresh. */
function hintsOf(bytes: Uint8Array): { version: number; snapshot: number } {
  try {
    const { signed } = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
      signed?: { version?: unknown; meta?: Record<string, { version?: unknown }> };
    };
    return {
      version: wholeNumber(signed?.version),
      snapshot: wholeNumber(signed?.meta?.['snapshot.json']?.version),
    };
  } catch {
    return { version: Number.POSITIVE_INFINITY, snapshot: 0 };
  }
}

function wholeNumber(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
}
