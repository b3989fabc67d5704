import type { HttpClient } from '@xylem/platform';
import type { Refused } from './refused.ts';

/** RFC 9530: whoever answers should know the digest of what it has. */
export const verifyHeader = 'want-repr-digest';

/**
 * Tells whoever gave wrong bytes to look at its own copy (docs/spec/repository.md). A hint: who does not understand it
 * answers as ever, and nobody waits for it.
 */
export async function askToVerify(
  client: HttpClient,
  { source, path }: Refused,
  signal: AbortSignal,
): Promise<void> {
  const url = `${source.replace(/\/+$/, '')}/${path}`;
  try {
    const headers = { [verifyHeader]: 'sha-256=1' };
    const { body } = await client.request({ method: 'HEAD', url, headers, signal });
    body.resume();
  } catch {
    // It is gone, or a plain folder: the bytes come from elsewhere anyway.
  }
}
