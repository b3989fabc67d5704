import { XylemError } from '@xylem/core';
import type { Root } from '../root.ts';
export function confirmRestore(_root: Root, _keep: string, _who: string): Promise<never> {
  throw new XylemError('E_UNSUPPORTED', 'not yet');
}
