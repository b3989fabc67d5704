import type { Row } from './method.ts';

const [width, nameWidth, barWidth] = [760, 150, 470] as const;
const [rowHeight, pairGap, top] = [20, 34, 34] as const;
/** The scale is logarithmic, from here on. */
const leastBytes = 100;

/** What travels to a host: on the wire, or of what carries nothing itself the artefact. Pure. */
const travelled = ({ wireBytes, artefactBytes }: Row): number | null => wireBytes ?? artefactBytes;

const units = ['B', 'kB', 'MB', 'GB'];

function bytesText(bytes: number): string {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(bytes) / 3)));
  const value = bytes / 1000 ** power;
  return `${value >= 100 || power === 0 ? Math.round(value) : value.toPrecision(3)} ${units[power]}`;
}

const style = `text{font:12px system-ui,sans-serif;fill:#333}.pair{font-weight:600;font-size:14px}.peer{fill:#9aa5b1}.xylem{fill:#2f855a}
@media(prefers-color-scheme:dark){text{fill:#ddd}.peer{fill:#66707c}.xylem{fill:#48bb78}}`;

/** Bytes that bring a host to the new version, by pair, the fewest first, as an SVG. Pure. */
export function pictureOf(rows: readonly Row[]): string {
  const bars = [...new Set(rows.map(({ pair }) => pair))].map((pair) => ({
    pair,
    methods: rows
      .flatMap((row) => {
        const bytes = travelled(row);
        // Publishing is the other half of what chunks and patches are.
        return row.pair === pair && bytes !== null && row.method !== 'xylem publish'
          ? [{ method: row.method, bytes }]
          : [];
      })
      .sort((a, b) => a.bytes - b.bytes),
  }));
  const most = Math.max(...bars.flatMap(({ methods }) => methods.map(({ bytes }) => bytes)), 10 * leastBytes);
  const lengthOf = (bytes: number): number =>
    Math.max(
      1,
      (barWidth * Math.log(Math.max(bytes, leastBytes) / leastBytes)) / Math.log(most / leastBytes),
    );
  const parts: string[] = [];
  let y = top;
  for (const { pair, methods } of bars) {
    parts.push(`<text class="pair" x="0" y="${y}">${escaped(pair)}</text>`);
    y += 10;
    for (const { method, bytes } of methods) {
      const kind = method.startsWith('xylem') ? 'xylem' : 'peer';
      const length = lengthOf(bytes).toFixed(1);
      parts.push(
        `<text x="${nameWidth - 8}" y="${y + 13}" text-anchor="end">${escaped(method)}</text>`,
        `<rect class="${kind}" x="${nameWidth}" y="${y + 2}" width="${length}" height="${rowHeight - 6}"/>`,
        `<text x="${nameWidth + Number(length) + 6}" y="${y + 13}">${bytesText(bytes)}</text>`,
      );
      y += rowHeight;
    }
    y += pairGap;
  }
  const height = y - pairGap + 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>Bytes from one version to the next, on a logarithmic scale</title>
<style>${style}</style>
<text x="0" y="12">Bytes from one version to the next, logarithmic: each 1/10 is as far to the left</text>
${parts.join('\n')}
</svg>
`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
