import { join } from 'node:path';
import { type CarriedPackage, XylemError } from '@xylem/core';
import { readPackage } from './read-package.ts';

const format =
  '%{NAME}\\n%|EPOCH?{%{EPOCH}}:{0}|\\n%{VERSION}-%{RELEASE}\\n%|SOURCERPM?{%{ARCH}}:{source}|\\n%{LONGSIZE}\\n[%{PROVIDENAME}\\n]';

/** An .rpm as its header says. @throws XylemError E_INPUT for one that can't be read, and for what does not go as a component */
export async function carriedInRpm(folder: string, file: string): Promise<CarriedPackage> {
  const path = join(folder, file);
  const text = await readPackage('rpm', ['-qp', '--qf', format], path);
  const [name = '', epoch = '', version = '', architecture = '', size = '', ...provides] = text.split('\n');
  if (architecture === 'source')
    throw new XylemError('E_INPUT', `${path} holds sources, and no host installs it.`);
  if (provides.some((one) => one.startsWith('installonlypkg(') || one === 'kernel')) {
    const why = 'a host keeps several of it side by side, and rpm would replace the one that runs';
    throw new XylemError('E_INPUT', `${path} is a kernel or the like: ${why}.`);
  }
  const installedKiB = Math.ceil(Number(size) / 1024);
  return {
    file,
    package: name,
    version: epoch === '0' ? version : `${epoch}:${version}`,
    architecture,
    ...(Number.isSafeInteger(installedKiB) && installedKiB >= 0 ? { installedKiB } : {}),
  };
}
