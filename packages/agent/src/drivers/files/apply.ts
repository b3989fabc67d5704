import type { Driver } from '../driver.ts';

export const applyFiles: Driver['apply'] = {
  // The stage before it has verified every file, and that is all that files promise.
  preflight: async () => undefined,
};
