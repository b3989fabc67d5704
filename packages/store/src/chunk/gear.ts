import { createHash } from 'node:crypto';

let table: Int32Array | undefined;

/** The 256 numbers of docs/spec/objects.md, Chunks; computed at first use. */
export function gearTable(): Int32Array {
  table ??= Int32Array.from({ length: 256 }, (_, i) =>
    createHash('sha256').update(`xylem-gear-1:${i}`).digest().readInt32LE(0),
  );
  return table;
}
