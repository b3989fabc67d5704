import { timeOf } from '../time.ts';
import type { Stood } from './stood.ts';

/** What is known of a release in one environment of the stage that comes first. */
export interface EarlierPlace {
  /** `acme/staging`. */
  readonly environment: string;
  /** The version that is settled there; null: none. */
  readonly settled: string | null;
  readonly stood: Stood | null;
  /** Of the jobs that are demanded, those without a pass for this release, with what is known: `smoke (never ran)`. */
  readonly jobs: readonly string[];
  /** Open incidents that count, by id. */
  readonly incidents: readonly string[];
}

/** What is missing there, a clause for people; null: nothing. Pure. */
export function missingAt(
  { environment, settled, stood, jobs, incidents }: EarlierPlace,
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
  if (jobs.length > 0)
    return `in ${environment} these jobs have not passed for ${version}: ${jobs.join(', ')}`;
  if (incidents.length > 0) return `${environment} has an open incident: ${incidents.slice(0, 5).join(', ')}`;
  return null;
}
