import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { bytesOf, largestChanged } from './files.ts';
import { type Costs, type Method, noCosts, type Place } from './method.ts';
import { inAll, madeBy, timed, updatedBy } from './timed.ts';
import { untar } from './zsync.ts';

const bsdiffAtMostBytes = 512 * 1024 * 1024;

/** A program that makes one file from one or two, and back. */
interface Delta {
  readonly command: string;
  make(old: string, next: string, artefact: string, oldBytes: number): readonly string[];
  take(old: string, artefact: string, next: string, oldBytes: number): readonly string[];
}

/** Over tars, the old of which the host has kept. */
async function overTars(place: Place, { command, make, take }: Delta): Promise<Costs> {
  const { folder, versions } = place;
  const tars = await versions.tars();
  const oldBytes = await bytesOf(tars.old);
  const [artefact, tar] = [join(folder, 'artefact'), join(folder, 'new.tar')];
  const made = await timed(folder, command, ...make(tars.old, tars.next, artefact, oldBytes));
  const taken = await timed(folder, command, ...take(tars.old, artefact, tar, oldBytes));
  const updated = inAll(taken, await untar(place, tar));
  return { ...noCosts, artefactBytes: await bytesOf(artefact), ...madeBy(made), ...updatedBy(updated) };
}

const windowOf = (oldBytes: number): string => `${Math.max(oldBytes, 2 ** 20)}`;

/** The window over the old side reaches all of it. */
const xdelta3Tool: Delta = {
  command: '/usr/bin/xdelta3',
  make: (old, next, artefact, oldBytes) => {
    const how = ['-e', '-9', '-S', 'lzma', '-B', windowOf(oldBytes)];
    return [...how, '-s', old, next, artefact];
  },
  take: (old, artefact, next, oldBytes) => ['-d', '-B', windowOf(oldBytes), '-s', old, artefact, next],
};

const zstdPatchTool: Delta = {
  command: '/usr/bin/zstd',
  make: (old, next, artefact) => ['-q', '-19', '--long=31', `--patch-from=${old}`, next, '-o', artefact],
  take: (old, artefact, next) => ['-q', '-d', '--long=31', `--patch-from=${old}`, artefact, '-o', next],
};

const zstdFullTool: Delta = {
  command: '/usr/bin/zstd',
  make: (_old, next, artefact) => ['-q', '-19', next, '-o', artefact],
  take: (_old, artefact, next) => ['-q', '-d', artefact, '-o', next],
};

export const xdelta3: Method = {
  name: 'xdelta3',
  debian: ['xdelta3', 'time'],
  measure: (place) => overTars(place, xdelta3Tool),
};

export const zstdPatch: Method = {
  name: 'zstd-patch',
  debian: ['zstd', 'time'],
  measure: (place) => overTars(place, zstdPatchTool),
};

/** Nothing of the old version is used. */
export const zstdFull: Method = {
  name: 'zstd-full',
  debian: ['zstd', 'time'],
  measure: (place) => overTars(place, zstdFullTool),
};

/** For the largest changed file alone: it knows no trees, and needs 17 times the old file's memory. */
export const bsdiff: Method = {
  name: 'bsdiff',
  debian: ['bsdiff', 'time'],
  isSlow: true,
  measure: async ({ versions, folder }) => {
    const path = await largestChanged(versions.old, versions.next);
    if (path === null) throw new XylemError('E_INPUT', 'No file of the old version changed.');
    const [old, next] = [join(versions.old, path), join(versions.next, path)];
    const bytes = Math.max(await bytesOf(old), await bytesOf(next));
    if (bytes > bsdiffAtMostBytes) throw new XylemError('E_INPUT', `${path} has ${bytes} bytes, too many.`);
    const artefact = join(folder, 'artefact');
    const made = await timed(folder, '/usr/bin/bsdiff', old, next, artefact);
    const taken = await timed(folder, '/usr/bin/bspatch', old, join(folder, 'new'), artefact);
    return { ...noCosts, artefactBytes: await bytesOf(artefact), ...madeBy(made), ...updatedBy(taken) };
  },
};
