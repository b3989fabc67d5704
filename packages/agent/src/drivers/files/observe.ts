import type { Driver } from '../driver.ts';

/** Files run nothing: the slot itself shows everything. */
export const observeFiles: Driver['observe'] = async () => new Map();
