import { code, type ErrorCodes } from './entry.ts';

/** The machine that a program runs on, and the program itself. */
export const machineCodes = {
  E_DISK_FULL: code(
    'There is not enough room on the disk. The old version keeps running.',
    'Free the space that the message names; the next attempt starts by itself.',
    'later',
    'machine',
  ),
  E_DISK_SHORT: code(
    'More hosts of the environment lack room on their disk for the release than may be unavailable at once.',
    'Free the space on the hosts that the message names; or a plan passes it with `--force disk`, approved by another person.',
    'later',
    'conflict',
  ),
  E_INTERNAL: code(
    'Something happened that this program does not expect.',
    'Report it with the output under `XYLEM_DEBUG=1`; trying again may help.',
    'later',
    'internal',
  ),
  E_INTERRUPTED: code(
    'The command was interrupted.',
    'Run it again; what was done is kept and found again.',
    'later',
    'interrupted',
  ),
  E_PERMISSION: code(
    'The operating system denies access to a file, folder or port.',
    'Run as the user that owns the state folder, or correct the rights that the message names.',
    'later',
    'machine',
  ),
  E_PORT_IN_USE: code(
    'The port is taken by another program.',
    'End that program or choose another port.',
    'later',
    'machine',
  ),
  E_STATE_DAMAGED: code(
    'A file of the state folder is damaged.',
    'Keep a copy, then follow the message: most state is fetched again by itself after removing the file.',
    'never',
    'machine',
  ),
  E_STATE_LOCKED: code(
    'Another process already runs on this state folder.',
    'Stop it first, or choose another folder with `--state`.',
    'later',
    'machine',
  ),
  E_STATE_VERSION: code(
    'The state folder was written by a newer version of this program.',
    'Start the newer version, or restore the backup made before the upgrade.',
    'never',
    'machine',
  ),
  E_STORAGE: code(
    'The disk or database failed to read or write.',
    'Check the disk and its file system; the operation is repeated where that is safe.',
    'later',
    'machine',
  ),
} satisfies ErrorCodes;
