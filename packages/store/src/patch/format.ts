import { type Digest, limits, XylemError } from '@xylem/core';
import { refusePatch } from './fault.ts';
import { NumberReader, NumberWriter } from './numbers.ts';

/** docs/spec/patches.md, The object. */
const family = Buffer.from('XYLPATC');
const magic = Buffer.concat([family, Buffer.from('1')]);
const digestBytes = 32;
/** New content of one block. */
export const mostBlockBytes = 8 * 1024 * 1024;
/** Content of all files that a patch makes. */
export const mostMadeBytes = 16 * 1024 * 1024 * 1024;
/** What a block of solid content may refer to. */
export const mostPrefixBytes = 16 * 1024 * 1024;
const spareBytes = 64 * 1024;
/** A longer number is none that a head or a block may have. */
const mostNumberBytes = 5;

export interface PatchHead {
  /** The trees that it leads from and to. */
  readonly from: Digest;
  readonly to: Digest;
  /** Of the outline, as it lies in the patch. */
  readonly outlineBytes: number;
  /** Of all made files. */
  readonly sizeBytes: number;
}

const kinds = ['solid', 'whole', 'delta'] as const;

export interface Block {
  readonly kind: (typeof kinds)[number];
  /** Bytes of new content. */
  readonly rawLength: number;
  readonly payload: Uint8Array;
}

/** All that stands before the outline. */
export function encodeHead({ from, to, outlineBytes, sizeBytes }: PatchHead): Buffer {
  const written = new NumberWriter();
  written.bytes(magic);
  written.bytes(Buffer.from(from, 'hex'));
  written.bytes(Buffer.from(to, 'hex'));
  written.unsigned(outlineBytes);
  written.unsigned(sizeBytes);
  return written.written();
}

export function encodeBlock({ kind, rawLength, payload }: Block): Buffer {
  const written = new NumberWriter();
  written.unsigned(kinds.indexOf(kind));
  written.unsigned(payload.length);
  written.unsigned(rawLength);
  written.bytes(payload);
  return written.written();
}

/** Reads a patch from its begin to its end, and refuses what can't be one before it is held in memory. */
export class PatchReader {
  readonly #read: (bytes: number) => Promise<Uint8Array>;

  /** @param read gives the next bytes; fewer only at the end */
  constructor(read: (bytes: number) => Promise<Uint8Array>) {
    this.#read = read;
  }

  /** @throws XylemError E_PATCH_INVALID, E_FORMAT_UNSUPPORTED */
  async head(): Promise<PatchHead> {
    const begin = Buffer.from(await this.#exactly(magic.length));
    if (!begin.equals(magic)) return refuseBegin(begin);
    const from = await this.#digest();
    const to = await this.#digest();
    const outlineBytes = await this.#varint();
    if (outlineBytes > limits.patchOutline) return refusePatch('its outline is too long');
    const sizeBytes = await this.#varint();
    if (sizeBytes > mostMadeBytes) return refusePatch('it makes more than it may');
    return { from, to, outlineBytes, sizeBytes };
  }

  /** The outline as it lies there. */
  async outline({ outlineBytes }: PatchHead): Promise<Uint8Array> {
    return await this.#exactly(outlineBytes);
  }

  /** The next block. @throws XylemError E_PATCH_INVALID, where there is none too */
  async block(): Promise<Block> {
    const [at = 0] = await this.#exactly(1);
    const kind = kinds[at];
    if (kind === undefined) return refusePatch(`a block of kind ${at}`);
    const length = await this.#varint();
    const rawLength = await this.#varint();
    if (rawLength < 1 || rawLength > mostBlockBytes || length > rawLength + spareBytes)
      return refusePatch('a block of a size that is not possible');
    return { kind, rawLength, payload: await this.#exactly(length) };
  }

  /** @throws XylemError E_PATCH_INVALID: more follows */
  async end(): Promise<void> {
    if ((await this.#read(1)).length > 0) refusePatch('more follows behind its last file');
  }

  async #digest(): Promise<Digest> {
    return Buffer.from(await this.#exactly(digestBytes)).toString('hex') as Digest;
  }

  async #varint(): Promise<number> {
    const bytes: number[] = [];
    do bytes.push(...(await this.#exactly(1)));
    while ((bytes.at(-1) ?? 0) >= 128 && bytes.length < mostNumberBytes);
    return new NumberReader(Uint8Array.from(bytes)).unsigned();
  }

  async #exactly(bytes: number): Promise<Uint8Array> {
    const read = await this.#read(bytes);
    return read.length === bytes ? read : refusePatch('it ends early');
  }
}

/** @throws XylemError E_FORMAT_UNSUPPORTED of a later version, else E_PATCH_INVALID */
function refuseBegin(begin: Buffer): never {
  const version = begin.toString('latin1', family.length);
  if (!begin.subarray(0, family.length).equals(family) || !/^[2-9]$/.test(version))
    return refusePatch('it does not begin as one');
  throw new XylemError(
    'E_FORMAT_UNSUPPORTED',
    `The patch has the format XYLPATC${version}; this program reads XYLPATC1.`,
  );
}
