import { createReadStream } from 'node:fs';
import { XylemError } from '@xylem/core';

/** Of what is typed or copied, as a key, a token or a password, more is a slip. */
export const shortBytes = 64 * 1024;

/**
 * What a person gives by a file, or for `-` by standard input; a slip such as /dev/zero ends at `maxBytes`.
 * @throws XylemError E_INPUT, E_TOO_LARGE naming the file
 */
export async function readGiven(
  file: string,
  maxBytes: number,
  stdin: AsyncIterable<Uint8Array> = process.stdin,
): Promise<Buffer> {
  const label = file === '-' ? 'standard input' : file;
  const pieces: Uint8Array[] = [];
  let total = 0;
  try {
    const stream: AsyncIterable<Uint8Array> = file === '-' ? stdin : createReadStream(file);
    for await (const piece of stream) {
      total += piece.length;
      if (total > maxBytes) throw new XylemError('E_TOO_LARGE', `${label} is larger than ${maxBytes} bytes.`);
      pieces.push(piece);
    }
  } catch (cause) {
    if (cause instanceof XylemError) throw cause;
    throw new XylemError('E_INPUT', `${label} can't be read: ${(cause as Error).message}`, { cause });
  }
  return Buffer.concat(pieces, total);
}

/** A secret in a file: white space within it counts, the end of its line does not. */
export const readSecret = async (file: string, stdin?: AsyncIterable<Uint8Array>): Promise<string> =>
  (await readGiven(file, shortBytes, stdin)).toString().replace(/\r?\n$/, '');
