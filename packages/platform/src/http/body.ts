import { XylemError } from '@xylem/core';

/**
 * Reads a body to its end, at most `maxBytes`.
 * @throws XylemError E_TOO_LARGE as soon as a byte more arrives
 */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  what: string,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  for await (const piece of body) {
    total += piece.length;
    if (total > maxBytes) {
      throw new XylemError('E_TOO_LARGE', `${what} is larger than ${maxBytes} bytes`, { retry: 'elsewhere' });
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces, total);
}
