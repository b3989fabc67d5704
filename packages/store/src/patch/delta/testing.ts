import { createHash } from 'node:crypto';

/** Bytes that anyone can make again: SHA-256 of a counter. */
export function noise(seed: string, length: number): Buffer {
  const pieces: Buffer[] = [];
  for (let i = 0; i * 32 < length; i += 1) pieces.push(createHash('sha256').update(`${seed}:${i}`).digest());
  return Buffer.concat(pieces).subarray(0, length);
}

/** As if it were code whose addresses, one in every twenty bytes, have moved by 4,112. */
export function moved(code: Buffer): Buffer {
  const next = Buffer.from(code);
  for (let at = 10; at + 4 <= next.length; at += 20)
    next.writeInt32LE((next.readInt32LE(at) + 4_112) | 0, at);
  return next;
}
