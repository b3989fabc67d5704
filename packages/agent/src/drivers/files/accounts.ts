import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { XylemError } from '@xylem/core';

const databases = { user: 'passwd', group: 'group' } as const;

/**
 * The number of a user or group of this host: by its files, else by whatever else the host asks (`getent`).
 * @throws XylemError E_FILE_DENIED where this host does not know it
 */
export async function accountNumber(what: keyof typeof databases, name: string): Promise<number> {
  if (/^\d+$/.test(name)) return Number(name);
  const database = databases[what];
  const found =
    numberIn(await readFile(`/etc/${database}`, 'utf8').catch(() => ''), name) ??
    numberIn(await asked(database, name), name);
  if (found !== null) return found;
  throw new XylemError('E_FILE_DENIED', `This host has no ${what} ${name}.`, { details: { [what]: name } });
}

function numberIn(text: string, name: string): number | null {
  const line = text.split('\n').find((one) => one.startsWith(`${name}:`));
  const number = line?.split(':')[2] ?? '';
  return /^\d+$/.test(number) ? Number(number) : null;
}

async function asked(database: string, name: string): Promise<string> {
  return await promisify(execFile)('getent', [database, name], { timeout: 10_000 }).then(
    ({ stdout }) => stdout,
    () => '',
  );
}
