import { timeOf } from '../time.ts';
import type { Stood } from './stood.ts';

/** What is known of a release in one environment of the stage that comes first. */
export interface EarlierPlace {
  /** `acme/staging`. */
  readonly environment: string;
  /** The version that is settled there; null: none. */
  readonly settled: string | null;
  readonly stood: Stood | null;
}

/** What is missing there, a clause for people; null: nothing. Pure. */
export function missingAt(
  { environment, settled, stood }: EarlierPlace,
  version: string,
  soakMs: number,
  soak: string | undefined,
): string | null {
  if (stood === null) {
    const there = settled === null ? 'runs nothing of it' : `runs ${settled}`;
    return settled === version
      ? `${environment} runs ${version}, but it failed or was taken back there since; deploy it there again`
      : `${environment} ${there}; deploy ${version} there first`;
  }
  if (stood.longestMs < soakMs) {
    return stood.sinceMs === null
      ? `${version} was followed in ${environment} before it had stood there for ${soak}; deploy it there again`
      : `${version} soaks in ${environment} until ${timeOf(stood.sinceMs + soakMs)}`;
  }
  return null;
}
