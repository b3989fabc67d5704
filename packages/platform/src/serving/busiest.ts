import type { Traffic } from './recent.ts';

/** What a child's link carried. */
export interface LinkTraffic {
  /** Null: several together, or who showed no certificate of a host. */
  readonly host: string | null;
  readonly hour: Traffic;
  readonly day: Traffic;
}

/** At most so many hosts, those first to which most was sent in the last day, and all others as one. Pure. */
export function busiest(links: readonly LinkTraffic[], most: number): LinkTraffic[] {
  const named = links
    .filter(({ host }) => host !== null)
    .toSorted((a, b) => b.day.sentBytes - a.day.sentBytes);
  const rest = [...named.slice(most), ...links.filter(({ host }) => host === null)];
  if (rest.length === 0) return named;
  const together = {
    host: null,
    hour: sumOf(rest.map(({ hour }) => hour)),
    day: sumOf(rest.map(({ day }) => day)),
  };
  return [...named.slice(0, most), together];
}

function sumOf(all: readonly Traffic[]): Traffic {
  const sum = (of: (one: Traffic) => number): number => all.reduce((before, one) => before + of(one), 0);
  return {
    requests: sum(({ requests }) => requests),
    sentBytes: sum(({ sentBytes }) => sentBytes),
    receivedBytes: sum(({ receivedBytes }) => receivedBytes),
  };
}
