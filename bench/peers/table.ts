import type { Costs, Row } from './method.ts';

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });

const columns: readonly (readonly [string, keyof Costs, Intl.NumberFormat])[] = [
  ['artefact, bytes', 'artefactBytes', whole],
  ['wire, bytes', 'wireBytes', whole],
  ['requests', 'requests', whole],
  ['make, s', 'makeSeconds', short],
  ['make, CPU s', 'makeCpuSeconds', short],
  ['make, MB', 'makePeakRssMb', whole],
  ['update, s', 'updateSeconds', short],
  ['update, MB', 'peakRssMb', whole],
];

const lineOf = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** The rows as a table in Markdown, a line each; what a method has not is left empty. Pure. */
export function tableOf(rows: readonly Row[]): readonly string[] {
  const cells = (row: Row): string[] =>
    row.absent === undefined
      ? columns.map(([, key, format]) => {
          const value = row[key];
          return value === null ? '' : format.format(value);
        })
      : [`absent: ${row.absent}`, ...columns.slice(1).map(() => '')];
  return [
    lineOf(['pair', 'method', ...columns.map(([title]) => title)]),
    lineOf(['---', '---', ...columns.map(() => '---:')]),
    ...rows.map((row) => lineOf([row.pair, row.method, ...cells(row)])),
  ];
}
