import { access } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { XylemError } from '@xylem/core';
import type { Difference } from '../../adopt/differences.ts';
import type { DriverAdoption, DriverTools } from '../driver.ts';
import { takeFilesBack } from './apply.ts';
import { openFolder } from './folder.ts';
import { type Found, lookAt } from './look.ts';
import { placedFile } from './placed-file.ts';
import { type RenderedFile, renderFiles } from './render.ts';

/**
 * Files at their places are adopted as they are: where every one is right, `apply` changes nothing and runs no `reload`,
 * and keeps what stands there as what stood there before.
 */
export const adoptFiles: DriverAdoption = {
  keeps: ['switch', 'apply', 'commit', 'retire'],
  refusal: ({ document }, { path }) =>
    document.files === undefined && path === null
      ? 'neither its package nor the order says in which folder it is (adopt.path, --from)'
      : null,
  found: async ({ document }) => {
    const said: string[] = [];
    for (const { to } of document.files?.install ?? []) {
      if (!to.startsWith('/')) continue;
      said.push(`${to} ${(await isThere(to)) ? 'is there' : 'is not there'}`);
    }
    return said;
  },
  compare: async (target, _source, tools) => {
    const hasTree = await isThere(tools.layout.component(target.component).tree(target.tree));
    if (target.document.files === undefined || !hasTree) return [];
    const found: Difference[] = [];
    for (const one of await renderFiles(target, tools)) {
      const what = await faultOf(one);
      if (what !== null) found.push({ path: one.to, what });
    }
    return found;
  },
  takeOver: async () => undefined,
  giveBack: async (component, tools) => await giveBack(component, tools),
};

async function giveBack(component: string, tools: DriverTools): Promise<void> {
  const record = await placedFile(tools.layout.component(component).placed, tools.log).read();
  if (record !== null) await takeFilesBack(record.placed, tools);
}

async function faultOf({ to, digest, mode, uid, gid }: RenderedFile): Promise<string | null> {
  const folder = await openFolder(dirname(to), false).catch(deniedAsNull);
  if (folder === null) return 'lies behind a link that others than root can change';
  if ('missing' in folder) return 'is missing';
  let found: Found | null;
  try {
    found = await lookAt(folder.at(basename(to)), to);
  } catch (error) {
    if (error instanceof XylemError && error.code === 'E_FILE_DENIED') return 'is no file';
    throw error;
  } finally {
    await folder.close();
  }
  if (found === null) return 'is missing';
  if (found.what === 'link') return 'is a link';
  if (found.digest !== digest) return 'has other bytes';
  const { owner } = found;
  if (owner.mode !== mode) return `has the mode ${octal(owner.mode)}, not ${octal(mode)}`;
  return owner.uid === uid && owner.gid === gid ? null : 'has another owner or group';
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

function deniedAsNull(error: unknown): null {
  if (error instanceof XylemError && error.code === 'E_FILE_DENIED') return null;
  throw error;
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
