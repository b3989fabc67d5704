import { XylemError } from '@xylem/core';

export const patchFault = (why: string, cause?: unknown): XylemError =>
  new XylemError('E_PATCH_INVALID', `The patch is not valid: ${why}.`, { cause });

/** @throws XylemError E_PATCH_INVALID */
export function refusePatch(why: string): never {
  throw patchFault(why);
}
