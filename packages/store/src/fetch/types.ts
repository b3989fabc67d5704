import type { Digest, DomainId, PatchList } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import type { ObjectSource, SourceChoice } from '../source/object-source.ts';
import type { Refused } from '../source/refused.ts';
import type { HostMeans, RoadChoice } from './roads.ts';

/** An installed tree whose bytes can be used again: its folder, and its text as `fetchTree` wrote it. */
export interface Seed {
  readonly folder: string;
  /** Default `<folder>.tree`. Files changed after it was written are verified before they are used. */
  readonly treeFile?: string;
  /** Others made it, and may write to it: each file is verified before it is used, and copied. */
  readonly isForeign?: boolean;
}

export interface FetchTreeOptions {
  readonly source: ObjectSource | SourceChoice;
  readonly domain: DomainId;
  readonly tree: Digest;
  /** The folder that will hold the tree; must not exist. Its text is written to `<into>.tree`. */
  readonly into: string;
  readonly seeds?: readonly Seed[];
  /** How whole files of seeds are used. `link` only where the component's user can't write to them. Default `copy`. */
  readonly share?: 'link' | 'copy';
  /** What there is to be had from a seed: known, to be asked for, or nothing. Default `none`. */
  readonly patches?: PatchList | 'ask' | 'none';
  /** By what a patch and chunks are weighed; absent: the fewest bytes decide. */
  readonly means?: () => HostMeans;
  /** Called with the roads that are known, and again when it is known better: the last word counts. */
  readonly onRoads?: (choice: RoadChoice) => void;
  /** By it what came of a frame is kept now and then; absent: only when a transfer breaks off. */
  readonly clock?: Pick<Clock, 'monotonicMs'>;
  readonly log?: Log;
  readonly signal?: AbortSignal;
  /** Bytes of wanted content that are in place, of all. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
  readonly onRefused?: (refused: Refused) => void;
}

export interface FetchedTree {
  readonly files: number;
  /** Of all files. */
  readonly sizeBytes: number;
  /** Bodies received, in bytes. */
  readonly fetchedBytes: number;
  readonly requests: number;
  /** Content taken from seeds, and found in place from an earlier attempt. */
  readonly seededBytes: number;
  readonly resumedBytes: number;
  /** Content that a patch made. */
  readonly patchedBytes: number;
  readonly linkedFiles: number;
}
