import { XylemError } from '@xylem/core';

export const patchFault = (why: string, cause?: unknown): XylemError =>
  new XylemError('E_PATCH_INVALID', `A delta block of a patch can't be applied: ${why}.`, { cause });
