import { createReadStream } from 'node:fs';
import { XylemError } from '@xylem/core';

const lineFeed = 0x0a;

/**
 * The lines of a file of any size, without their ends. Only a line feed ends one: JSON may hold U+2028 as it is.
 * @param maxBytes of a line; a slip such as /dev/zero ends there
 * @throws XylemError E_INPUT, E_TOO_LARGE with `details.line`, naming the file
 */
export async function* givenLines(file: string, maxBytes: number): AsyncGenerator<string> {
  let pieces: Buffer[] = [];
  let held = 0;
  let line = 1;
  const hold = (piece: Buffer): void => {
    held += piece.length;
    if (held > maxBytes) {
      const message = `Line ${line} of ${file} is longer than ${maxBytes} bytes.`;
      throw new XylemError('E_TOO_LARGE', message, { details: { line } });
    }
    pieces.push(piece);
  };
  const text = (): string => Buffer.concat(pieces, held).toString().replace(/\r$/, '');
  try {
    for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = piece.indexOf(lineFeed); end >= 0; end = piece.indexOf(lineFeed, from)) {
        hold(piece.subarray(from, end));
        yield text();
        [pieces, held, line, from] = [[], 0, line + 1, end + 1];
      }
      hold(piece.subarray(from));
    }
  } catch (cause) {
    if (cause instanceof XylemError) throw cause;
    throw new XylemError('E_INPUT', `Cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
  if (held > 0) yield text();
}
