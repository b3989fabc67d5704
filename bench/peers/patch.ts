import { join } from 'node:path';
import { type DomainId, encodeTree } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import { memoryChunkIndex, openRepository, publishTree, repositorySink } from '@xylem/store';
import { bytesOf } from './files.ts';
import { type Method, noCosts } from './method.ts';
import { madeBy, timed } from './timed.ts';

const main = join(import.meta.dirname, 'patch-main.ts');
const domain = '0'.repeat(32) as DomainId;

/** Made from two trees whose texts are known, and applied for its proof alone: no host has any yet. */
export const xylemPatch: Method = {
  name: 'xylem patch',
  debian: ['time'],
  measure: async ({ versions, folder }) => {
    const sink = repositorySink(await openRepository(join(folder, 'repository')), domain, memoryChunkIndex());
    const textOf = async (name: string, tree: string): Promise<string> => {
      const { entries } = await publishTree({ folder: tree, sink });
      const file = join(folder, name);
      await writeFileAtomic(file, encodeTree(entries));
      return file;
    };
    const trees = [
      versions.old,
      await textOf('old.tree', versions.old),
      versions.next,
      await textOf('new.tree', versions.next),
    ];
    const artefact = join(folder, 'artefact');
    const made = await timed(folder, process.execPath, main, 'make', ...trees, artefact);
    const applied = await timed(folder, process.execPath, main, 'apply', ...trees, artefact);
    return {
      ...noCosts,
      artefactBytes: await bytesOf(artefact),
      ...madeBy(made),
      peakRssMb: applied.peakRssMb,
    };
  },
};
