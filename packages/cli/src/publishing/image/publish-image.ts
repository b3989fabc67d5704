import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PublishedTree } from '@xylem/store';
import { publishFolder } from '../publish.ts';
import { normaliseImage } from './normalise.ts';

/** What it runs on is the image's own word. */
export interface PublishedImage extends PublishedTree {
  readonly platform: { readonly os: string; readonly arch: string };
}

/**
 * Publishes an image as one variant's tree, below the system's temporary folder first.
 * @param options.source an OCI image layout, or an archive of `docker save` or `podman save`
 * @throws XylemError E_INPUT
 */
export async function publishImage(
  options: Pick<Parameters<typeof publishFolder>[0], 'api' | 'product' | 'progress' | 'signal' | 'self'> & {
    readonly source: string;
    readonly image: string | undefined;
    readonly platform: { readonly os?: string; readonly arch?: string };
  },
): Promise<PublishedImage> {
  const { source, image, platform, ...to } = options;
  const scratch = await mkdtemp(join(tmpdir(), 'xylem-image-'));
  try {
    const { folder, os, arch } = await normaliseImage(source, { image, ...platform }, scratch);
    const published = await publishFolder({ ...to, former: null, folder, include: undefined, exclude: [] });
    return { ...published, platform: { os, arch } };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
