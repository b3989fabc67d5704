import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type CarriedPackage, XylemError } from '@xylem/core';

/** What can't be read is said by dpkg-deb itself. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: the format of dpkg-deb
const format = '${Package}\n${Version}\n${Architecture}\n${Installed-Size}\n';

/**
 * The .debs of a folder, as they say of themselves, by path.
 * @param install names of those that must be installed; the others only where something needs them. Absent: all must
 * @param isOut what is not published
 * @throws XylemError E_INPUT for a .deb that can't be read, and for a name of which there is no .deb
 */
export async function debFiles(
  folder: string,
  install: readonly string[] | undefined,
  isOut: (path: string) => boolean,
): Promise<readonly CarriedPackage[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.deb'))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !path.split('/').some((_, i, parts) => isOut(parts.slice(0, i + 1).join('/'))))
    .sort();
  if (files.length === 0)
    throw new XylemError('E_INPUT', `${folder} holds no .deb, and the kind of the package is deb.`);
  const carried: CarriedPackage[] = [];
  for (const file of files) carried.push(await carriedIn(folder, file));
  const unknown = install?.find((name) => !carried.some((one) => one.package === name));
  if (unknown !== undefined)
    throw new XylemError('E_INPUT', `deb.install names ${unknown}, and ${folder} holds no .deb of it.`);
  return carried.map((one) =>
    install === undefined || install.includes(one.package) ? one : { ...one, asNeeded: true },
  );
}

async function carriedIn(folder: string, file: string): Promise<CarriedPackage> {
  const text = await control(join(folder, file));
  const [name = '', version = '', architecture = '', size = ''] = text.split('\n');
  const installedKiB = Number.parseInt(size, 10);
  return {
    file,
    package: name,
    version,
    architecture,
    ...(Number.isSafeInteger(installedKiB) && installedKiB >= 0 ? { installedKiB } : {}),
  };
}

function control(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('dpkg-deb', ['--show', `--showformat=${format}`, path], (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === 'ENOENT') {
        const why =
          'The control files of .debs are read by dpkg-deb, which is not on this machine: install dpkg.';
        reject(new XylemError('E_INPUT', why, { cause: error }));
      } else
        reject(
          new XylemError('E_INPUT', `${path} can't be read as a .deb: ${stderr.trim().slice(0, 1_000)}`, {
            cause: error,
          }),
        );
    });
  });
}
