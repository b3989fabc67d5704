import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { type PackageManifest, parseManifestYaml } from '@xylem/core/yaml';

export const manifestName = 'xylem.yaml';

/** @throws XylemError E_INPUT naming file, line, key and what would be right */
export async function readManifest(folder: string): Promise<PackageManifest> {
  const file = join(folder, manifestName);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new XylemError('E_INPUT', `${file} can't be read: ${(error as Error).message}`, { cause: error });
    }
    const advice = `\`xylem package init ${folder}\` writes a first one.`;
    throw new XylemError('E_INPUT', `${folder} holds no ${manifestName}. ${advice}`);
  }
  return parseManifestYaml(text, file);
}
