import { basename, dirname } from 'node:path';
import { openFolder } from './folder.ts';
import { lookAt } from './look.ts';

/** Whether a file could take its place, as far as that can be seen ahead. @throws XylemError E_FILE_DENIED */
export async function lookAhead(to: string, refuse: (realPath: string) => void): Promise<void> {
  const folder = await openFolder(dirname(to), false);
  if ('missing' in folder) return refuse(`${folder.missing.at(-1)}/${basename(to)}`);
  try {
    refuse(`${folder.path === '/' ? '' : folder.path}/${basename(to)}`);
    await lookAt(folder.at(basename(to)), to);
  } finally {
    await folder.close();
  }
}
