import { type HostId, sha256 } from '@xylem/core';

/** What the root server learnt between two looks. Hosts go by number, as their ids are derived from it. */
export interface News {
  /** Triples: the number of a host, when its word arrived (milliseconds before the look), and what it said (`wordOf`). */
  readonly said: readonly number[];
  /** Pairs: the number of a host, and its site (-1: none): of those that come new or get another. */
  readonly labelled: readonly number[];
  readonly gone: readonly number[];
}

export interface Word {
  readonly runs: 'old' | 'new';
  readonly healthy: boolean;
}

const words: readonly Word[] = [
  { runs: 'old', healthy: true },
  { runs: 'old', healthy: false },
  { runs: 'new', healthy: true },
  { runs: 'new', healthy: false },
];

export const codeOf = ({ runs, healthy }: Word): number => (runs === 'new' ? 2 : 0) + (healthy ? 0 : 1);

/** @throws RangeError */
export function wordOf(code: number): Word {
  const word = words[code];
  if (word === undefined) throw new RangeError(`no host says ${code}`);
  return word;
}

export const idOf = (seed: number, number: number): HostId =>
  sha256(`${seed}/${number}`).slice(0, 32) as HostId;
