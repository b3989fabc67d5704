import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';

/** The one image of a tree. */
export interface TreeImage {
  /** Digest of its configuration, 64 hexadecimal digits: podman's id of the image. */
  readonly id: string;
  /** The descriptor of its manifest, as `index.json` has it. */
  readonly manifest: Descriptor;
}

interface Descriptor {
  readonly mediaType?: string;
  readonly digest: string;
  readonly size: number;
}

const mostBytes = 4 * 1024 * 1024;

/**
 * Reads the OCI image layout in `folder`, whose bytes were verified by the tree's digest.
 * @throws XylemError E_PACKAGE_INVALID where it is none, or holds another number of images than one
 */
export async function readImageLayout(folder: string, component: string): Promise<TreeImage> {
  const refuse = (what: string): XylemError =>
    new XylemError('E_PACKAGE_INVALID', `The tree of ${component} is no OCI image layout: ${what}.`);
  const read = async (name: string): Promise<Record<string, unknown>> => {
    try {
      const path = join(folder, name);
      if ((await stat(path)).size > mostBytes) throw refuse(`${name} is larger than ${mostBytes} bytes`);
      return objectOf(JSON.parse(await readFile(path, 'utf8')));
    } catch (error) {
      if (error instanceof XylemError) throw error;
      throw refuse(`${name} can't be read: ${(error as Error).message}`);
    }
  };
  if ((await read('oci-layout')).imageLayoutVersion !== '1.0.0') throw refuse('its version is not 1.0.0');
  const { manifests } = await read('index.json');
  const found = Array.isArray(manifests) ? manifests.map(descriptorOf) : [];
  const [manifest] = found;
  if (found.length !== 1 || manifest === undefined || manifest === null) {
    throw refuse(`index.json names ${found.length} images, expected one`);
  }
  const { config, layers } = await read(blobPath(manifest.digest));
  const described = descriptorOf(config);
  if (described === null || !Array.isArray(layers)) throw refuse('its manifest is not that of an image');
  for (const layer of [config, ...layers].map(descriptorOf)) {
    const path = layer === null ? null : join(folder, blobPath(layer.digest));
    if (path === null || !(await stat(path).catch(() => null))?.isFile()) {
      throw refuse(`${layer?.digest ?? 'a layer'} is not in it`);
    }
  }
  return { id: described.digest.slice('sha256:'.length), manifest };
}

function blobPath(digest: string): string {
  return `blobs/sha256/${digest.slice('sha256:'.length)}`;
}

function descriptorOf(value: unknown): Descriptor | null {
  const { digest, size, mediaType } = objectOf(value);
  if (typeof digest !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(digest)) return null;
  if (typeof size !== 'number') return null;
  return typeof mediaType === 'string' ? { mediaType, digest, size } : { digest, size };
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
