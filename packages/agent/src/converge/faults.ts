import { type ErrorCode, XylemError } from '@xylem/core';

/** Faults that the same package would meet again: it is refused until direction says something else. */
const lasting: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'E_HEALTH_FAILED',
  'E_SERVICE_START',
  'E_HOOK_FAILED',
  'E_AGENT_UPDATE',
  'E_PLACEHOLDER',
  'E_PACKAGE_INVALID',
  'E_TEMPLATE',
  'E_PACKAGE_FAILED',
  'E_RESTART_NEEDED',
]);

/** Whether a step's fault is the package's own. Pure. */
export function isLasting(error: XylemError): boolean {
  return lasting.has(error.code);
}

/** Any fault as a coded one that says what was being done. */
export function codedFault(error: unknown, doing: string): XylemError {
  if (error instanceof XylemError) return error;
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  // So Node says, where it makes parents too, that a file system is read-only.
  const isReadOnly = code === 'ENOENT' && syscall === 'mkdir';
  const said = `${doing}: ${message ?? String(error)}${isReadOnly ? '. Is the file system read-only?' : ''}`;
  switch (isReadOnly ? 'EROFS' : code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new XylemError('E_DISK_FULL', `The disk is full. ${said}`, { cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new XylemError('E_PERMISSION', said, { cause: error });
    case undefined:
      return new XylemError('E_INTERNAL', said, { cause: error });
    default:
      return new XylemError('E_STORAGE', said, { cause: error });
  }
}
