import stringWidth from 'string-width';
import { printableLine } from './printable.ts';

const between = '  ';

/**
 * Columns under heads, two spaces apart, without a frame, so that other programs can cut them too. What the time of it
 * grows with is the number of cells alone: a fleet has many rows.
 */
export function tabulate(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  empty: string,
): string {
  if (rows.length === 0) return empty;
  const widths: number[] = [];
  const lines = [head, ...rows].map((row) =>
    row.map((cell, column) => {
      const text = printableLine(String(cell));
      const width = stringWidth(text);
      widths[column] = Math.max(widths[column] ?? 0, width);
      return { text, width };
    }),
  );
  const padded = ({ text, width }: { text: string; width: number }, column: number): string =>
    text + ' '.repeat((widths[column] ?? width) - width);
  return lines.map((line) => line.map(padded).join(between).trimEnd()).join('\n');
}
