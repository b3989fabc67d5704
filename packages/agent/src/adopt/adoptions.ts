import type { Log } from '@xylem/platform';
import { type JsonFile, jsonFile } from '../state/json-file.ts';
import type { Differences } from './differences.ts';

export const outcomes = ['agreed', 'adopted', 'differs', 'refused', 'given back'] as const;
export type Outcome = (typeof outcomes)[number];

/** Where what is to be adopted runs now. */
export interface AdoptSource {
  /** A folder that holds what the package's tree holds; null: nothing of it lies in one. */
  readonly path: string | null;
  /** Of systemd; null: none. */
  readonly unit: string | null;
  /** As podman names it; null: none. */
  readonly container: string | null;
  /** What below `path`, or written in the container, is not part of the program. */
  readonly apart: readonly string[];
}

/** What became of the last order about a component. */
export interface Adoption {
  readonly component: string;
  readonly order: string;
  readonly undo: boolean;
  readonly by: string;
  /** Null while it is under way. `agreed`: compared, and being taken over. */
  readonly outcome: Outcome | null;
  /** RFC 3339. */
  readonly at: string;
  readonly version: string | null;
  /** Digest of what was compared; null: nothing. */
  readonly package: string | null;
  readonly source: AdoptSource;
  readonly code: string | null;
  readonly message: string | null;
  readonly differences: Differences | null;
  /** The last orders about it that were carried out. */
  readonly done: readonly string[];
}

/** `adoptions.json`, by the agent alone. */
export interface Adoptions {
  readonly adoptions: readonly Adoption[];
}

export function adoptionsFile(path: string, log: Log): JsonFile<Adoptions> {
  return jsonFile(path, 'xylem-adoptions-1', parse, log);
}

function parse({ adoptions }: Record<string, unknown>): Adoptions {
  if (!Array.isArray(adoptions)) throw new Error('adoptions is not a list');
  return {
    adoptions: (adoptions as Adoption[]).map((one) => {
      if (typeof one.component !== 'string' || typeof one.order !== 'string') throw new Error('incomplete');
      if (one.outcome !== null && !outcomes.includes(one.outcome)) throw new Error('an unknown outcome');
      if (!Array.isArray(one.done) || !Array.isArray(one.source?.apart)) throw new Error('incomplete');
      // Of an agent that knew no containers.
      return { ...one, source: { ...one.source, container: one.source.container ?? null } };
    }),
  };
}
