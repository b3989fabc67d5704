import { readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { XylemError } from '@xylem/core';
import { type PackageManifest, parseManifestYaml } from '@xylem/core/yaml';

export const manifestName = 'xylem.yaml';

/** @throws XylemError E_INPUT naming file, line, key and what would be right */
export async function readManifest(folder: string): Promise<PackageManifest> {
  if (!(await stat(folder).catch(() => undefined))?.isDirectory()) {
    throw new XylemError('E_INPUT', `${folder} is no folder.`);
  }
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

/**
 * The folder of one variant. Also by links it stays below the manifest: a manifest that came with someone's sources
 * publishes nothing else of this machine. @throws XylemError E_INPUT naming file and key
 */
export async function sourceFolder(folder: string, below: string): Promise<string> {
  return await sourceOf(folder, below, 'folder');
}

/** A folder or file below the manifest that an image lies in. @throws XylemError E_INPUT naming file and key */
export async function sourceImage(folder: string, below: string): Promise<string> {
  return await sourceOf(folder, below, 'image');
}

async function sourceOf(folder: string, below: string, what: 'folder' | 'image'): Promise<string> {
  const refuse = (wrong: string): XylemError =>
    new XylemError('E_INPUT', `${join(folder, manifestName)}: folder: ${wrong}.`);
  const source = join(folder, below);
  const found = await stat(source).catch(() => undefined);
  if (what === 'folder' ? found?.isDirectory() !== true : found === undefined) {
    const expected = what === 'folder' ? 'a folder' : 'an image layout or an archive';
    throw refuse(`expected ${expected}, and there is none at ${source}`);
  }
  const [inside, outside] = await Promise.all([realpath(source), realpath(folder)]);
  if (inside === outside || inside.startsWith(outside.endsWith(sep) ? outside : outside + sep)) return source;
  throw refuse(`${below} is a link that leaves ${folder}`);
}
