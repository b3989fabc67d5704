import { cp, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isVersion, XylemError } from '@xylem/core';
import type { SourceOrigin } from '@xylem/core/yaml';
import type { Offered, Origin } from './origin.ts';

/** A folder that has one for each version, by the version's name: `1.2.0`. What is still being written has another. */
export function folderOrigin({ path }: Extract<SourceOrigin, { kind: 'folder' }>, beside: string): Origin {
  const folder = resolve(beside, path);
  return {
    about: `folders of ${folder}`,
    async offered() {
      const found = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
        throw new XylemError('E_SOURCE', `${folder} can't be read: ${cause.message}`, { cause });
      });
      return found.flatMap((entry): Offered[] =>
        entry.isDirectory() && isVersion(entry.name) ? [{ version: entry.name, name: entry.name }] : [],
      );
    },
    async fetch({ name }, into) {
      await cp(join(folder, name), into, {
        recursive: true,
        verbatimSymlinks: true,
        preserveTimestamps: true,
      });
    },
  };
}
