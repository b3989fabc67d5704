import { errorCodes, isErrorCode } from '@xylem/core';

/** A fault in a line, and what to do about it in the next; `since` where it is known. Pure. */
export function faultText(
  {
    code,
    message,
    since = null,
  }: { readonly code: string; readonly message: string; readonly since?: string | null },
  indent: string,
): string[] {
  const advice = isErrorCode(code) ? [`${indent}  ${errorCodes[code].advice}`] : [];
  return [`${indent}! ${message} (${code}${since === null ? '' : `, since ${since}`})`, ...advice];
}
