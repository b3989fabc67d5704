import { readBody } from '@xylem/platform';
import type { ObjectSource } from './object-source.ts';
import { type InTime, within } from './within.ts';

const leastMs = 60_000;
const slowestBytesPerMs = 16;

/** How long a file may take of which only the bound of its size is known: a minute, and 16 kB/s at least. */
export const wholeWithinMs = (maxBytes: number): number => leastMs + maxBytes / slowestBytesPerMs;

/**
 * A file of a source that is nothing by halves; null where it has none. Bounded in bytes and in time.
 * @throws XylemError E_PARENT_STALE where it is not whole in time, E_TOO_LARGE, E_NETWORK (all retry elsewhere), what the
 *   source throws; the signal's reason
 */
export async function wholeFile(
  source: ObjectSource,
  path: string,
  maxBytes: number,
  { clock, signal: over }: InTime,
): Promise<Buffer | null> {
  const what = `${path} of ${source.name}`;
  return await within(clock, wholeWithinMs(maxBytes), what, over, async (signal) => {
    const answer = await source.get(path, { signal });
    return answer.status === 'found' ? await readBody(answer.body, maxBytes, what) : null;
  });
}
