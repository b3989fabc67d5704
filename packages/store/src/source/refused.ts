import type { ErrorCode } from '@xylem/core';

/** Something that a source gave and that was thrown away, for logs and reports. */
export interface Refused {
  /** Path in the repository. */
  readonly path: string;
  /** The source's name. */
  readonly source: string;
  readonly code: ErrorCode;
  readonly message: string;
}
