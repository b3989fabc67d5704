import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesBelow } from './files.ts';
import { type Method, noCosts } from './method.ts';
import { madeBy, timed, updatedBy } from './timed.ts';
import { web } from './web.ts';

const program = '/usr/bin/casync';
const chunkBytes = 64 * 1024;

/** Old and new in one store of chunks; the host has the old tree as seed, and links what did not change. */
export const casync: Method = {
  name: 'casync',
  debian: ['casync', 'nginx-light', 'time'],
  measure: async ({ versions, folder, context, check }) => {
    const served = join(folder, 'served');
    await mkdir(served);
    const store = join(served, 'store.castr');
    const make = (index: string, tree: string) =>
      timed(
        folder,
        program,
        'make',
        `--store=${store}`,
        `--chunk-size=${chunkBytes}`,
        join(served, index),
        tree,
      );
    await make('old.caidx', versions.old);
    const before = await bytesBelow(served);
    const made = await make('new.caidx', versions.next);
    const artefactBytes = (await bytesBelow(served)) - before;
    const { url, counted } = await web(context, served);
    const tree = join(folder, 'tree');
    const from = [`--store=${url}/store.castr`, `--seed=${versions.old}`, `${url}/new.caidx`];
    const updated = await timed(folder, program, 'extract', ...from, tree);
    await check(tree);
    return { ...noCosts, artefactBytes, ...madeBy(made), ...updatedBy(updated), ...(await counted()) };
  },
};
