import { lstatSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type PublishedTree, type PublishOptions, publishTree } from '@xylem/store';
import type { Api } from '../api/client.ts';
import type { Invocation } from '../frame/define.ts';
import type { Progress } from '../frame/terminal.ts';
import { sizeText } from '../frame/words.ts';
import type { FormerTree } from './former-trees.ts';
import { httpSink } from './http-sink.ts';
import { pathTest } from './path-test.ts';

const mostReaders = 8;

/**
 * Cuts, packs and sends one folder, and has the root server offer its tree. What it holds already is not sent.
 * @param options.include shell patterns; only what fits one is published
 * @param options.exclude shell patterns of what stays out all the same
 */
export async function publishFolder(options: {
  readonly api: Api;
  readonly product: string;
  readonly folder: string;
  readonly include: readonly string[] | undefined;
  readonly exclude: readonly string[];
  /** What of it was published before; null: that is not known. */
  readonly former: FormerTree | null;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly self: Invocation['self'];
}): Promise<PublishedTree> {
  const { api, product, folder, include, exclude, former, progress, signal, self } = options;
  const scratch = await mkdtemp(join(tmpdir(), 'xylem-publish-'));
  try {
    const published = await publishTree({
      folder,
      sink: httpSink(api, product, scratch),
      exclude: leftOut(folder, include, exclude),
      previous: (await former?.read()) ?? [],
      readers: readersOf(self),
      signal,
      onProgress: (done, total) => progress.update(`${sizeText(done)} of ${sizeText(total)}`),
    });
    await api.call('treeRegister', {
      params: { product },
      body: {
        tree: published.tree,
        treeChunks: published.treeChunks.map(([digest, size]): [string, number] => [digest, size]),
      },
      timeoutMs: 300_000,
    });
    await former?.write(published.entries);
    return published;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Threads of this very program; a single executable has no file that they could run. */
function readersOf([, entry]: Invocation['self']): PublishOptions['readers'] {
  if (entry === undefined) return undefined;
  return {
    count: Math.min(mostReaders, availableParallelism()),
    start: () => new Worker(entry, { argv: ['publish-reader'] }),
  };
}

/** A folder can't be left out for not fitting an include pattern: something below it may. */
export function leftOut(
  folder: string,
  include: readonly string[] | undefined,
  exclude: readonly string[],
): (path: string) => boolean {
  const excluded = pathTest(exclude);
  if (include === undefined) return excluded;
  const included = pathTest(include);
  const isFolder = (path: string): boolean =>
    lstatSync(join(folder, path), { throwIfNoEntry: false })?.isDirectory() === true;
  return (path) => excluded(path) || !(included(path) || isFolder(path));
}
