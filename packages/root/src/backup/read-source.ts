import { readBody } from '@xylem/platform';
import type { ObjectSource } from '@xylem/store';

/** The bytes of a file at a relay, or null where it has none. @throws XylemError E_TOO_LARGE, E_NETWORK */
export async function readSource(
  source: ObjectSource,
  path: string,
  maxBytes: number,
): Promise<Buffer | null> {
  const answer = await source.get(path);
  return answer.status === 'found'
    ? await readBody(answer.body, maxBytes, `${path} of ${source.name}`)
    : null;
}
