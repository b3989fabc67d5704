import { link, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf } from './files.ts';
import { type Method, noCosts, type Place } from './method.ts';
import { inAll, madeBy, timed, type Used, updatedBy } from './timed.ts';
import { web } from './web.ts';

/** Unpacks the host's new tar and checks the tree: the last step of all that know only single files. */
export async function untar({ folder, check }: Place, tar: string): Promise<Used> {
  const tree = join(folder, 'tree');
  await mkdir(tree);
  const used = await timed(folder, '/bin/tar', '-C', tree, '-xf', tar);
  await check(tree);
  return used;
}

/** Over the uncompressed tar; the host has kept the old one, and unpacks the new one. */
export const zsync: Method = {
  name: 'zsync',
  debian: ['zsync', 'nginx-light', 'time'],
  measure: async (place) => {
    const { versions, folder, context } = place;
    const tars = await versions.tars();
    const served = join(folder, 'served');
    await mkdir(served);
    await link(tars.next, join(served, 'new.tar'));
    const control = join(served, 'new.tar.zsync');
    const what = ['-u', 'new.tar', '-o', control, join(served, 'new.tar')];
    const made = await timed(folder, '/usr/bin/zsyncmake', ...what);
    const { url, counted } = await web(context, served);
    const tar = join(folder, 'new.tar');
    const how = ['-q', '-i', tars.old, '-o', tar, `${url}/new.tar.zsync`];
    const fetched = await timed(folder, '/usr/bin/zsync', ...how);
    const updated = inAll(fetched, await untar(place, tar));
    const artefactBytes = await bytesOf(control);
    return { ...noCosts, artefactBytes, ...madeBy(made), ...updatedBy(updated), ...(await counted()) };
  },
};
