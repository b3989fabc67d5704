import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PublishedTree, publishTree } from '@xylem/store';
import type { Api } from '../api/client.ts';
import type { Progress } from '../frame/terminal.ts';
import { excluder } from './exclude.ts';
import { httpSink } from './http-sink.ts';

/**
 * Cuts, packs and sends one folder, and has the root server offer its tree. What it holds already is not sent.
 * @param options.exclude shell patterns of what stays out
 */
export async function publishFolder(options: {
  readonly api: Api;
  readonly product: string;
  readonly folder: string;
  readonly exclude: readonly string[];
  readonly progress: Progress;
  readonly signal: AbortSignal;
}): Promise<PublishedTree> {
  const { api, product, folder, exclude, progress, signal } = options;
  const scratch = await mkdtemp(join(tmpdir(), 'xylem-publish-'));
  try {
    const published = await publishTree({
      folder,
      sink: httpSink(api, product, scratch),
      exclude: excluder(exclude),
      signal,
      onProgress: (done, total) => progress.update(`${megabytes(done)} of ${megabytes(total)}`),
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

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
