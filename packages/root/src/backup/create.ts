import { XylemError } from '@xylem/core';
import type { Root } from '../root.ts';
export function createBackup(_root: Root, _out: string, _who: string): Promise<never> {
  throw new XylemError('E_UNSUPPORTED', 'not yet');
}
