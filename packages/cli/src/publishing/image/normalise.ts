import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { jcs, sha256, XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import { type LayerSource, openImage, ownArch, type Wanted, wrong } from './source.ts';

export interface NormalisedImage {
  /** An OCI image layout with one image, its layers uncompressed. */
  readonly folder: string;
  /** Digest of its configuration, by which container tools know the image: the same as in the source. */
  readonly id: string;
  readonly os: string;
  readonly arch: string;
}

const mediaType = 'application/vnd.oci.image';

/**
 * Writes an image as a package's tree holds it (docs/spec/components/container.md): layers uncompressed, so that
 * versions share chunks. Its configuration stays byte for byte, and with it the image's id; each layer is checked
 * against the digest that the configuration names.
 * @param scratch an empty folder with room for the image
 * @throws XylemError E_INPUT
 */
export async function normaliseImage(
  source: string,
  wanted: Wanted,
  scratch: string,
): Promise<NormalisedImage> {
  const { config, layers } = await openImage(source, wanted, scratch);
  const described = readConfig(source, config);
  if (described.os !== 'linux') throw wrong(source, `it is for ${described.os}, and containers run on linux`);
  if (wanted.arch !== undefined && wanted.arch !== described.arch) {
    throw wrong(source, `it is for ${described.arch}, and the variant says ${wanted.arch}`);
  }
  if (described.diffIds.length !== layers.length) {
    throw wrong(
      source,
      `its configuration names ${described.diffIds.length} layers, and it has ${layers.length}`,
    );
  }
  const folder = join(scratch, 'image');
  const blobs = join(folder, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const written = [];
  for (const [i, layer] of layers.entries()) {
    const expected = described.diffIds[i];
    const { digest, size } = await writePlain(source, layer, blobs);
    if (`sha256:${digest}` !== expected) {
      throw wrong(source, `layer ${i + 1} has the digest ${digest}, and its configuration says ${expected}`);
    }
    written.push({ mediaType: `${mediaType}.layer.v1.tar`, digest: `sha256:${digest}`, size });
  }
  const put = async (bytes: string | Uint8Array, kind: string) => {
    const digest = sha256(bytes);
    await writeFileAtomic(join(blobs, digest), bytes);
    return {
      mediaType: `${mediaType}.${kind}.v1+json`,
      digest: `sha256:${digest}`,
      size: Buffer.byteLength(bytes),
    };
  };
  const configDescriptor = await put(config, 'config');
  const manifest = { schemaVersion: 2, mediaType: `${mediaType}.manifest.v1+json`, config: configDescriptor };
  const manifestDescriptor = await put(jcs({ ...manifest, layers: written }), 'manifest');
  await writeFileAtomic(
    join(folder, 'index.json'),
    jcs({ schemaVersion: 2, manifests: [manifestDescriptor] }),
  );
  await writeFileAtomic(join(folder, 'oci-layout'), jcs({ imageLayoutVersion: '1.0.0' }));
  return { folder, id: sha256(config), os: described.os, arch: described.arch };
}

function readConfig(source: string, bytes: Uint8Array) {
  try {
    const { os, architecture, rootfs } = JSON.parse(new TextDecoder().decode(bytes)) as Record<
      string,
      unknown
    >;
    const diffIds = (rootfs as { diff_ids?: unknown } | undefined)?.diff_ids;
    if (typeof os !== 'string' || typeof architecture !== 'string' || !Array.isArray(diffIds))
      throw new Error();
    return { os, arch: ownArch(architecture), diffIds: diffIds.map(String) };
  } catch {
    throw wrong(source, 'its configuration can not be read');
  }
}

/** A layer without compression, under its digest. */
async function writePlain(source: string, { file, digest }: LayerSource, blobs: string) {
  const stored = hashing();
  const plain = hashing();
  const path = join(blobs, '.layer');
  const into = await open(path, 'w');
  const write = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of chunks) await into.writeFile(chunk);
  };
  try {
    const opened = decompressor(await firstBytes(source, file));
    if (opened === null) await pipeline(createReadStream(file), stored.through, plain.through, write);
    else await pipeline(createReadStream(file), stored.through, opened, plain.through, write);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOSPC') throw new XylemError('E_DISK_FULL', `No room to unpack ${source}.`, { cause });
    throw wrong(source, `a layer can't be read: ${(cause as Error).message}`);
  } finally {
    await into.close();
  }
  const found = stored.result();
  if (digest !== null && found.digest !== digest) throw wrong(source, `a layer was damaged: ${digest}`);
  const result = plain.result();
  await rename(path, join(blobs, result.digest));
  return result;
}

/** By its first bytes: what media types say is not always so. */
function decompressor(start: Uint8Array): Transform | null {
  if (start[0] === 0x1f && start[1] === 0x8b) return createGunzip();
  const isZstd = start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd;
  return isZstd ? createZstdDecompress() : null;
}

async function firstBytes(source: string, file: string): Promise<Uint8Array> {
  const opened = await open(file).catch(() => {
    throw wrong(source, `a layer is not in it: ${file}`);
  });
  try {
    const { buffer, bytesRead } = await opened.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await opened.close();
  }
}

function hashing() {
  const hash = createHash('sha256');
  let size = 0;
  const through = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  return { through, result: () => ({ digest: hash.digest('hex'), size }) };
}
