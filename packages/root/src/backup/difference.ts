import { XylemError } from '@xylem/core';
import type { Root } from '../root.ts';
export function restoredDifference(_root: Root): Promise<never> {
  throw new XylemError('E_UNSUPPORTED', 'not yet');
}
