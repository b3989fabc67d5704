import { Readable } from 'node:stream';
import { XylemError } from '@xylem/core';
import type { ObjectSource } from '../source/object-source.ts';

/** Gives `atMost` bytes of one object to each request, all of which are taken, and then breaks off. */
export function breaking(
  whole: ObjectSource,
  digest: string,
  atMost: number,
  given = { bytes: 0 },
  change = (piece: Buffer) => piece,
): ObjectSource {
  return {
    name: 'breaking',
    get: async (path, request = {}) => {
      const answer = await whole.get(path, request);
      if (answer.status !== 'found' || !path.endsWith(digest)) return answer;
      const pieces: Buffer[] = [];
      for await (const piece of answer.body) pieces.push(piece as Buffer);
      const all = Buffer.concat(pieces);
      const body = async function* () {
        const piece = all.subarray(0, atMost);
        given.bytes += piece.length;
        yield change(piece);
        if (piece.length < all.length) throw new XylemError('E_PARENT_STALE', 'Cut off.');
      };
      // Asked for the next piece when it has none left: what was given is taken before it breaks.
      return { ...answer, body: Readable.from(body(), { objectMode: false, highWaterMark: 1 }) };
    },
  };
}
