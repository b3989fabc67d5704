/** Bound parameters have a limit in both databases. */
const rowsAtOnce = 500;

export function* inStatements<Row>(rows: readonly Row[], atOnce = rowsAtOnce): Iterable<Row[]> {
  for (let at = 0; at < rows.length; at += atOnce) yield rows.slice(at, at + atOnce);
}

/** What `read` finds of so many at once, one part after the other. */
export async function inParts<T>(
  ids: readonly string[],
  read: (part: readonly string[]) => Promise<readonly T[]>,
): Promise<T[]> {
  const all: T[] = [];
  for (const part of inStatements(ids)) all.push(...(await read(part)));
  return all;
}
