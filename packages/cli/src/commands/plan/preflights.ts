import { preflightText } from '@xylem/core';
import type { PlanDetail } from '@xylem/root/contract';

const mostNamed = 10;

/** What hosts said beforehand, by environment; none where nobody was asked. */
export const preflightLines = ({ stages }: Pick<PlanDetail, 'stages'>): string[] =>
  stages.flatMap(({ environments }) =>
    environments.flatMap((one) => preflightRows(one).map((line) => `${one.name}: ${line}`)),
  );

/** The same of one environment. */
export function preflightRows({
  preflights,
}: Pick<PlanDetail['stages'][number]['environments'][number], 'preflights'>): string[] {
  // A root server of before says nothing of it.
  if (preflights == null) return [];
  const { counts, words, more } = preflights;
  // Who has not answered yet is no news.
  const said = words.filter(({ outcome }) => outcome !== 'asked');
  const named = said.slice(0, mostNamed);
  const rest = said.length - named.length + more;
  return [
    preflightText(counts),
    ...named.map(({ name, component, outcome, code, note, run }) => {
      const why = note === null ? '' : `: ${note}`;
      return `${name}, ${component}: ${outcome}${code === null ? '' : ` ${code}`}${why} (xylem job show ${run.slice(0, 12)})`;
    }),
    ...(rest > 0 ? [`and ${rest} more`] : []),
  ];
}
