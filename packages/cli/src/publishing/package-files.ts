import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type CarriedPackage, XylemError } from '@xylem/core';
import { carriedInDeb } from './deb-files.ts';
import { carriedInRpm } from './rpm-files.ts';

const readers = { deb: carriedInDeb, rpm: carriedInRpm } as const;

/**
 * The packages of a folder, as they say of themselves, by path.
 * @param install names of those that must be installed; the others only where something needs them. Absent: all must
 * @param isOut what is not published
 * @throws XylemError E_INPUT for one that can't be read, and for a name of which there is none
 */
export async function packageFiles(
  kind: keyof typeof readers,
  folder: string,
  install: readonly string[] | undefined,
  isOut: (path: string) => boolean,
): Promise<readonly CarriedPackage[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(`.${kind}`))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !path.split('/').some((_, i, parts) => isOut(parts.slice(0, i + 1).join('/'))))
    .sort();
  if (files.length === 0)
    throw new XylemError('E_INPUT', `${folder} holds no .${kind}, and the kind of the package is ${kind}.`);
  const carried: CarriedPackage[] = [];
  for (const file of files) carried.push(await readers[kind](folder, file));
  const unknown = install?.find((name) => !carried.some((one) => one.package === name));
  if (unknown !== undefined)
    throw new XylemError(
      'E_INPUT',
      `${kind}.install names ${unknown}, and ${folder} holds no .${kind} of it.`,
    );
  return carried.map((one) =>
    install === undefined || install.includes(one.package) ? one : { ...one, asNeeded: true },
  );
}
