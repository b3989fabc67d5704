import type { Clock } from '@xylem/platform';

export interface RestoreRootOptions {
  readonly backup: string;
  /** Must not exist, or be empty. */
  readonly stateFolder: string;
  readonly clock: Clock;
}
export interface RestoredRoot {
  readonly taken: string;
  readonly files: number;
}

/** Verifies a backup by its manifest and makes a state folder of it, in restored mode until a person confirms. */
export function restoreRoot(_options: RestoreRootOptions): Promise<RestoredRoot> {
  throw new Error('not yet');
}
