/** What is kept of a stream that may be endless. */
export interface Kept {
  add(piece: Buffer): void;
  text(): string;
  isCut(): boolean;
}

/** The first `most` bytes. */
export function keepHead(most: number): Kept {
  const pieces: Buffer[] = [];
  let bytes = 0;
  let cut = false;
  return {
    add: (piece) => {
      const room = most - bytes;
      if (piece.length > room) cut = true;
      if (room === 0) return;
      const kept = Buffer.from(piece.subarray(0, room));
      pieces.push(kept);
      bytes += kept.length;
    },
    text: () => Buffer.concat(pieces).toString('utf8'),
    isCut: () => cut,
  };
}

/** The last `most` bytes. */
export function keepTail(most: number): Kept {
  let last = Buffer.alloc(0);
  let cut = false;
  return {
    add: (piece) => {
      const all = Buffer.concat([last, piece]);
      if (all.length > most) cut = true;
      last = Buffer.from(all.subarray(Math.max(0, all.length - most)));
    },
    text: () => last.toString('utf8'),
    isCut: () => cut,
  };
}
