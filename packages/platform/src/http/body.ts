import { XylemError } from '@xylem/core';

/**
 * Reads a body to its end, at most `maxBytes`.
 * @throws XylemError E_TOO_LARGE as soon as a byte more arrives, E_NETWORK when it breaks off, also by the signal of its
 *   request (both retry elsewhere)
 */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  what: string,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  try {
    for await (const piece of body) {
      total += piece.length;
      if (total > maxBytes) {
        throw new XylemError('E_TOO_LARGE', `${what} is larger than ${maxBytes} bytes`, {
          retry: 'elsewhere',
        });
      }
      pieces.push(piece);
    }
  } catch (cause) {
    if (cause instanceof XylemError || !(cause instanceof Error)) throw cause;
    throw new XylemError('E_NETWORK', `${what} broke off after ${total} bytes: ${cause.message}`, {
      cause,
      retry: 'elsewhere',
    });
  }
  return Buffer.concat(pieces, total);
}
