import type { Digest, DomainId, ErrorCode } from '@xylem/core';

/** What the process that makes a patch is asked for, one JSON document as its only word. */
export interface MakerJob {
  readonly repository: string;
  readonly domain: DomainId;
  readonly from: Digest;
  readonly to: Digest;
  /** Holds both trees meanwhile. */
  readonly folder: string;
  /** Where the patch is written. */
  readonly file: string;
  readonly mostDeltaBytes: number;
}

export interface MadePatch {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Content that it makes. */
  readonly madeBytes: number;
  readonly cpuMs: number;
  readonly peakRssMb: number;
}

/** What it says at its end, one JSON document on its standard output. */
export type MakerAnswer =
  | { readonly made: MadePatch }
  | { readonly fault: { readonly code: ErrorCode; readonly message: string } };
