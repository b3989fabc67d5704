/** The bytes that a `Range` header asks of a file: from `start` up to and without `end`; null: all of it. */
export type Range = { readonly start: number; readonly end: number } | 'unsatisfiable' | null;

/** One range, as RFC 9110 section 14 has it; what it does not understand, and several ranges, mean the whole file. */
export function rangeOf(header: string | undefined, size: number): Range {
  const match = header === undefined ? null : /^bytes=([0-9]{0,16})-([0-9]{0,16})$/.exec(header);
  if (match === null) return null;
  const [, first = '', last = ''] = match;
  if (first === '') {
    if (last === '') return null;
    const count = Math.min(Number(last), size);
    return count === 0 ? 'unsatisfiable' : { start: size - count, end: size };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return null;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) };
}
