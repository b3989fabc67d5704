import { mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import { lacking } from '../account.ts';
import { systemctl } from './systemctl.ts';
import { stateLine } from './unit.ts';

const units = '/etc/systemd/system';
const wanted = join(units, 'multi-user.target.wants');

/** Its text; null where there is none that can be read. */
export async function readUnit(unit: string): Promise<string | null> {
  return await readFile(join(units, unit), 'utf8').catch(() => null);
}

/** Makes a unit known to systemd, which starts it with the host from now on, and not yet. */
export async function writeUnit(unit: string, text: string): Promise<void> {
  await writeFileAtomic(join(units, unit), text);
  await mkdir(wanted, { recursive: true });
  await symlink(join('..', unit), join(wanted, unit)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST')
      throw new XylemError('E_PERMISSION', `${wanted}: ${error.message}`, { cause: error });
  });
  await systemctl(['daemon-reload']);
}

/** To be stopped before. Can be repeated. */
export async function removeUnit(unit: string): Promise<void> {
  await rm(join(wanted, unit), { force: true });
  await rm(join(units, unit), { force: true });
  await systemctl(['daemon-reload']);
  await systemctl(['reset-failed', '--', unit]).catch(() => undefined);
}

/**
 * That no unit of that name is somebody else's.
 * @throws XylemError E_DRIVER_UNSUPPORTED
 */
export async function requireOwnUnit(unit: string, stateFolder: string): Promise<void> {
  const found = await readUnit(unit);
  if (found === null || isOfState(found, stateFolder)) return;
  throw lacking(`be the unit ${unit}`, `another state folder, or a person, has one in ${units}`);
}

/** Whether a unit's text is this state folder's. Pure. */
export function isOfState(text: string, stateFolder: string): boolean {
  return text.includes(`\n${stateLine(stateFolder)}\n`);
}
