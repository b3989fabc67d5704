import { XylemError } from '@xylem/core';
import type { Driver, DriverStepKind } from '../driver.ts';

/** A kind of step that `planFiles` never returns. */
const never = (kind: DriverStepKind) => async (): Promise<void> => {
  throw new XylemError('E_INTERNAL', `Components of kind files have no step ${kind}.`);
};

export const applyFiles: Driver['apply'] = {
  // The stage before it has verified every file, and that is all that files promise.
  preflight: async () => undefined,
  stop: never('stop'),
  start: never('start'),
  probe: never('probe'),
};
