import { join } from 'node:path';
import type { CarriedPackage } from '@xylem/core';
import { readPackage } from './read-package.ts';

// biome-ignore lint/suspicious/noTemplateCurlyInString: the format of dpkg-deb
const format = '${Package}\n${Version}\n${Architecture}\n${Installed-Size}\n';

/** A .deb as its control file says. @throws XylemError E_INPUT for one that can't be read */
export async function carriedInDeb(folder: string, file: string): Promise<CarriedPackage> {
  const text = await readPackage('dpkg-deb', ['--show', `--showformat=${format}`], join(folder, file));
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
