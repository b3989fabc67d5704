import type { Version } from '@xylem/core';

/** A version that a source has. */
export interface Offered {
  readonly version: Version;
  /** What it is called there: a tag, a digest, a folder. */
  readonly name: string;
}

/** Where versions come to be. It is asked each time; nothing is remembered of it. */
export interface Origin {
  /** For people: "tags v* of https://…". */
  readonly about: string;
  /** All versions that it has, in any order. @throws XylemError E_SOURCE */
  offered(): Promise<readonly Offered[]>;
  /** Brings the files of one into an empty folder. @throws XylemError E_SOURCE */
  fetch(offered: Offered, into: string): Promise<void>;
}
