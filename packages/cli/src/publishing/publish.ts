import { lstatSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PublishedTree, publishTree } from '@xylem/store';
import type { Api } from '../api/client.ts';
import type { Progress } from '../frame/terminal.ts';
import { sizeText } from '../frame/words.ts';
import { httpSink } from './http-sink.ts';
import { pathTest } from './path-test.ts';

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
  readonly progress: Progress;
  readonly signal: AbortSignal;
}): Promise<PublishedTree> {
  const { api, product, folder, include, exclude, progress, signal } = options;
  const scratch = await mkdtemp(join(tmpdir(), 'xylem-publish-'));
  try {
    const published = await publishTree({
      folder,
      sink: httpSink(api, product, scratch),
      exclude: leftOut(folder, include, exclude),
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
    return published;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
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
