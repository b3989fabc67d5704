import { createReadStream } from 'node:fs';

/**
 * The lines of a file, one after the other. A longer one than `mostBytes` is passed over: no one wrote it, a disk that
 * lost its newlines made it, and it may be larger than memory.
 */
export async function* linesOf(path: string, mostBytes: number): AsyncIterable<string> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  const add = (piece: Buffer): void => {
    begunBytes += piece.length;
    if (begunBytes <= mostBytes) begun.push(piece);
    else begun = [];
  };
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, from)) {
      add(piece.subarray(from, end));
      if (begunBytes <= mostBytes) yield Buffer.concat(begun).toString('utf8');
      begun = [];
      begunBytes = 0;
      from = end + 1;
    }
    add(piece.subarray(from));
  }
  if (begunBytes > 0 && begunBytes <= mostBytes) yield Buffer.concat(begun).toString('utf8');
}
