import { Readable } from 'node:stream';

/** `body` without its first `skip` bytes and at most `length` bytes of what follows; then it is destroyed. */
export function sliceOf(body: Readable, skip: number, length: number | undefined): Readable {
  if (skip === 0 && length === undefined) return body;
  const slice = Readable.from(bytesOf(body, skip, length ?? Number.POSITIVE_INFINITY), { objectMode: false });
  // The generator ends the body only if it was begun.
  slice.once('close', () => body.destroy());
  return slice;
}

async function* bytesOf(body: Readable, skip: number, length: number): AsyncGenerator<Uint8Array> {
  let before = skip;
  let left = length;
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    if (before >= piece.length) {
      before -= piece.length;
      continue;
    }
    const wanted = piece.subarray(before, Math.min(piece.length, before + left));
    before = 0;
    left -= wanted.length;
    yield wanted;
    // Leaving the loop early destroys the body; a body that ends here is read to its end and its connection kept.
    if (left === 0 && wanted.length < piece.length) return;
  }
}
