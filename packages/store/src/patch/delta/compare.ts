/** How many bytes are equal in a row, from `at` in `base` and `to` in `next` on; at most `limit`. */
export function equalRun(base: Uint8Array, at: number, next: Uint8Array, to: number, limit: number): number {
  const end = Math.min(limit, base.length - at, next.length - to);
  let length = 0;
  while (length < end && base[at + length] === next[to + length]) length += 1;
  return length;
}

/** How many of `length` bytes are equal; what lies beyond the end of the base is not. */
export function equalCount(
  base: Uint8Array,
  at: number,
  next: Uint8Array,
  to: number,
  length: number,
): number {
  const end = Math.min(length, base.length - at);
  let count = 0;
  for (let i = 0; i < end; i += 1) if (base[at + i] === next[to + i]) count += 1;
  return count;
}
