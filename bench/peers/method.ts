import type { Cleanup } from '@xylem/testkit';

/** What a method measured. Null: it has no such thing; docs/benchmarks.md says why. */
export interface Costs {
  /** What a publisher has to keep beside the new tree (or, for `zstd-full`, instead of it). */
  readonly artefactBytes: number | null;
  /** At the host's own sockets, both directions, headers and TLS counted, reports not. */
  readonly wireBytes: number | null;
  readonly requests: number | null;
  /** Wall time until the artefact is there, from the new tree. */
  readonly makeSeconds: number | null;
  /** Of all that makes it, user and system. */
  readonly makeCpuSeconds: number | null;
  /** Of the largest process of the making. */
  readonly makePeakRssMb: number | null;
  /** Wall time on the host until the whole new tree is in place. */
  readonly updateSeconds: number | null;
  /** Of the largest process on the host. */
  readonly peakRssMb: number | null;
}

export interface Row extends Costs {
  readonly pair: string;
  readonly method: string;
  /** Why there is nothing of this method; then all figures are null. */
  readonly absent?: string;
}

/** A method with nothing measured: what a method can't have stays null. */
export const noCosts: Costs = {
  artefactBytes: null,
  wireBytes: null,
  requests: null,
  makeSeconds: null,
  makeCpuSeconds: null,
  makePeakRssMb: null,
  updateSeconds: null,
  peakRssMb: null,
};

/** Two versions of a tree, as all methods get them. Each tree is alone in its parent folder, named `tree`. */
export interface Versions {
  readonly old: string;
  readonly next: string;
  /** Each tree as one uncompressed tar, the entries in the order of their names; made when first asked for. */
  tars(): Promise<{ readonly old: string; readonly next: string }>;
}

/** Where one method works on one pair. */
export interface Place {
  readonly versions: Versions;
  /** Its own, empty; removed after it. */
  readonly folder: string;
  readonly context: Cleanup;
  /** @throws XylemError E_INPUT where the tree is not the new version: a figure for something else says nothing */
  check(tree: string): Promise<void>;
}

export interface Method {
  /** As it stands in the table. `--methods` takes it too. */
  readonly name: string;
  /** Debian packages that it needs. */
  readonly debian: readonly string[];
  /** Many minutes on a large pair: run there only where `--methods` names it. */
  readonly isSlow?: boolean;
  measure(place: Place): Promise<Costs>;
}
