/** One region of a text's lines, `from` up to but not `to`, and what stands there instead. */
interface Region {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

const linesOf = (text: string): string[] => text.split('\n');

/** The smallest region that holds all that was changed; null when nothing was. */
function changed(base: readonly string[], next: readonly string[]): Region | null {
  const shorter = Math.min(base.length, next.length);
  let from = 0;
  while (from < shorter && base[from] === next[from]) from += 1;
  if (from === base.length && from === next.length) return null;
  let same = 0;
  while (same < shorter - from && base.at(-1 - same) === next.at(-1 - same)) same += 1;
  return { from, to: base.length - same, lines: next.slice(from, next.length - same) };
}

/** What was changed between two texts, for a person: `line 3`, then lines with `-` and `+`, at most so many. */
export function difference(base: string, next: string, maxLines: number): string[] {
  const before = linesOf(base);
  const region = changed(before, linesOf(next));
  if (region === null) return [];
  const all = [
    ...before.slice(region.from, region.to).map((line) => `- ${line}`),
    ...region.lines.map((line) => `+ ${line}`),
  ];
  const rest = all.length - maxLines;
  return [
    `line ${region.from + 1}`,
    ...all.slice(0, maxLines),
    ...(rest > 0 ? [`… and ${rest} more lines`] : []),
  ];
}

/**
 * The text with the changes of both; null where a person has to say, because they touch each other. An unchanged line
 * must lie between: what is put in at one place by both has no order.
 */
export function withBoth(base: string, mine: string, theirs: string): string | null {
  const before = linesOf(base);
  const one = changed(before, linesOf(mine));
  const other = changed(before, linesOf(theirs));
  if (one === null || mine === theirs) return theirs;
  if (other === null) return mine;
  const [first, last] = one.from <= other.from ? [one, other] : [other, one];
  if (first.to >= last.from) return null;
  const [head, between, tail] = [
    before.slice(0, first.from),
    before.slice(first.to, last.from),
    before.slice(last.to),
  ];
  return [...head, ...first.lines, ...between, ...last.lines, ...tail].join('\n');
}
