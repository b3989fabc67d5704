import { readFileSync } from 'node:fs';
import { jcs, sha256 } from '@xylem/core';
import type { Files } from './packages.ts';

/** Debian's static one: an image of one program, made without any network. */
const busybox = '/bin/busybox';

/** One file of a layer. */
export interface LayerFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly mode?: number;
}

export interface ImageOptions {
  /** Files of the layer above the one that holds busybox. */
  readonly files: readonly LayerFile[];
  readonly config?: Readonly<Record<string, unknown>>;
  readonly architecture?: string;
}

/** A tar archive of these files, as a layer is. */
function layer(files: readonly LayerFile[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { path, content, mode = 0o644 } of files) {
    const bytes = Buffer.from(content as string);
    parts.push(header(path, bytes.length, mode), bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512));
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

function header(path: string, sizeBytes: number, mode: number): Uint8Array {
  const bytes = Buffer.alloc(512);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  bytes.write(path, 0);
  bytes.write(octal(mode, 7), 100);
  bytes.write(octal(0, 7), 108);
  bytes.write(octal(0, 7), 116);
  bytes.write(octal(sizeBytes, 11), 124);
  bytes.write(octal(0, 11), 136);
  bytes.write('        ', 148);
  bytes.write('0', 156);
  bytes.write('ustar\x0000', 257);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
}

const busyboxLayer = (): Uint8Array =>
  layer([
    { path: 'bin/busybox', content: readFileSync(busybox), mode: 0o755 },
    { path: 'bin/sh', content: readFileSync(busybox), mode: 0o755 },
  ]);

/** The files of an OCI image layout with busybox below `files`; layers uncompressed. */
export function imageLayout({ files, config = {}, architecture = 'amd64' }: ImageOptions): Files {
  const layout: Record<string, string | Uint8Array> = { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}' };
  const put = (content: string | Uint8Array, mediaType: string) => {
    const digest = sha256(content);
    layout[`blobs/sha256/${digest}`] = content;
    return { digest: `sha256:${digest}`, size: Buffer.byteLength(content), mediaType };
  };
  const kind = 'application/vnd.oci.image';
  const layers = [busyboxLayer(), layer(files)].map((bytes) => put(bytes, `${kind}.layer.v1.tar`));
  const described = put(
    jcs({
      architecture,
      os: 'linux',
      // busybox listens to no signal as the first process of a container.
      config: { StopSignal: 'SIGKILL', ...config },
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    }),
    `${kind}.config.v1+json`,
  );
  const manifest = put(
    jcs({ schemaVersion: 2, mediaType: `${kind}.manifest.v1+json`, config: described, layers }),
    `${kind}.manifest.v1+json`,
  );
  return { ...layout, 'index.json': jcs({ schemaVersion: 2, manifests: [manifest] }) };
}
