import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import { program } from '@xylem/testkit';
import type { Measured } from '../bench.ts';
import { inLab, usageOf } from '../lab.ts';
import { bench as update } from '../update.ts';
import { bytesBelow } from './files.ts';
import { type Costs, type Method, noCosts, type Place } from './method.ts';
import { parseTime, timeWords } from './timed.ts';

const entry = join(import.meta.dirname, '..', '..', 'dist', 'xylem.js');

/** @throws XylemError E_INTERNAL where the other bench no longer has it */
function figure(figures: Measured['figures'], name: string): number {
  const value = figures[name];
  if (typeof value === 'number') return value;
  throw new XylemError('E_INTERNAL', `bench/run update has no figure ${name}.`);
}

/** A real host behind a real relay, as `bench/run update` brings it from one version to the other. */
async function updateHost({ versions }: Place, more: readonly string[] = []): Promise<Costs> {
  const words = ['--old', versions.old, '--new', versions.next, ...more];
  const { figures } = await update.run(words, () => undefined);
  if (figures.verified !== true) throw new XylemError('E_INTERNAL', 'The host has another tree.');
  const reports = figure(figures, 'reportBytesDown') + figure(figures, 'reportBytesUp');
  return {
    ...noCosts,
    wireBytes: figure(figures, 'wireBytesDown') + figure(figures, 'wireBytesUp') - reports,
    requests: figure(figures, 'requests'),
    updateSeconds: figure(figures, 'seconds'),
    peakRssMb: figure(figures, 'agentPeakRssMb'),
    ...(figures.patchBytes === undefined
      ? {}
      : {
          artefactBytes: figure(figures, 'patchBytes'),
          makeCpuSeconds: figure(figures, 'patchCpuSeconds'),
          makePeakRssMb: figure(figures, 'patchPeakRssMb'),
        }),
  };
}

/** No patch is made: parts of packs. */
export const xylemChunks: Method = {
  name: 'xylem chunks',
  debian: [],
  measure: (place) => updateHost(place),
};

/** By the patch that the root server makes. */
export const xylemPatch: Method = {
  name: 'xylem patch',
  debian: [],
  measure: (place) => updateHost(place, ['--patch']),
};

/** The new version into a root server that has the old one: the command and what it has the root server do. */
export const xylemPublish: Method = {
  name: 'xylem publish',
  debian: ['time'],
  measure: async ({ versions, folder }) =>
    await inLab('name = host', async (lab) => {
      await lab.release('1.0.0', dirname(versions.old));
      const package_ = dirname(versions.next);
      const manifest = 'product: bench\ncomponent: payload\nversion: 2.0.0\nfolder: tree\nkind: files\n';
      await writeFileAtomic(join(package_, 'xylem.yaml'), manifest);
      const time = join(folder, 'time.txt');
      const { home } = lab.releasesAt;
      const timedXylem = program({ entry, home, logs: join(folder, 'logs'), within: timeWords(time) });
      const repository = join(lab.releasesAt.stateFolder, 'repository');
      const rootServer = lab.xylem.pidOf('root');
      const [bytes, before] = [await bytesBelow(repository), await usageOf(rootServer)];
      await timedXylem.command(['package', 'publish', package_]);
      const after = await usageOf(rootServer);
      const used = parseTime(await readFile(time, 'utf8'));
      return {
        ...noCosts,
        artefactBytes: (await bytesBelow(repository)) - bytes,
        makeSeconds: used.wallSeconds,
        makeCpuSeconds: used.cpuSeconds + after.cpuSeconds - before.cpuSeconds,
        makePeakRssMb: used.peakRssMb,
      };
    }),
};
