import { readBody } from '@xylem/platform';
import type { ObjectSource } from '@xylem/store';

/** A whole small file of a source; null where it has none. Bounded; stops by the signal. */
export async function readPath(
  source: ObjectSource,
  path: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer | null> {
  const answer = await source.get(path, { signal });
  if (answer.status !== 'found') return null;
  return await readBody(answer.body, maxBytes, `${path} of ${source.name}`);
}
