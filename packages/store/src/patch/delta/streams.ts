import { promisify } from 'node:util';
import {
  type BrotliOptions,
  brotliCompressSync,
  brotliDecompress,
  constants,
  type ZstdOptions,
  zstdCompressSync,
  zstdDecompress,
} from 'node:zlib';
import { patchFault } from '../fault.ts';

const unzstd: (bytes: Uint8Array, options: ZstdOptions) => Promise<Buffer> = promisify(zstdDecompress);
const unbrotli: (bytes: Uint8Array, options: BrotliOptions) => Promise<Buffer> = promisify(brotliDecompress);

/** How a stream of bytes travels. */
export interface Coder {
  readonly id: number;
  encode(raw: Uint8Array): Uint8Array;
  /** Gives at most `rawLength` bytes, and fails where there are more. */
  decode(coded: Uint8Array, rawLength: number): Promise<Uint8Array>;
}

export const rawCoder: Coder = {
  id: 0,
  encode: (raw) => raw,
  decode: (coded) => Promise.resolve(coded),
};

/** The longest is two blocks' content: 8 MiB. */
const zstdWindowLog = 23;

const zstdCoder: Coder = {
  id: 1,
  encode: (raw) =>
    zstdCompressSync(raw, {
      params: { [constants.ZSTD_c_compressionLevel]: 19, [constants.ZSTD_c_windowLog]: zstdWindowLog },
      pledgedSrcSize: raw.length,
    }),
  decode: (coded, rawLength) =>
    unzstd(coded, {
      ...boundsOf(rawLength),
      params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLog },
    }),
};

const brotliCoder: Coder = {
  id: 2,
  encode: (raw) =>
    brotliCompressSync(raw, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_LGWIN]: 22,
        [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
      },
    }),
  decode: (coded, rawLength) => unbrotli(coded, boundsOf(rawLength)),
};

/** By their ids. 3 is kept for context mixing. */
export const coders: readonly Coder[] = [rawCoder, zstdCoder, brotliCoder];

/** The output is allocated once; node refuses what is longer than `maxOutputLength`. */
const boundsOf = (rawLength: number) => ({
  chunkSize: Math.max(64, rawLength + 1),
  maxOutputLength: rawLength,
  rejectGarbageAfterEnd: true,
});

/** A stream as it travels; its coder and both lengths stand in the block's head. */
export interface CodedStream {
  readonly coder: number;
  readonly rawLength: number;
  readonly body: Uint8Array;
}

/** By that one of `among` which makes it smallest; raw where none makes it smaller. */
export function encodeStream(raw: Uint8Array, among: readonly Coder[]): CodedStream {
  let best: CodedStream = { coder: rawCoder.id, rawLength: raw.length, body: raw };
  if (raw.length === 0) return best;
  for (const coder of among) {
    const body = coder.encode(raw);
    if (body.length < best.body.length) best = { coder: coder.id, rawLength: raw.length, body };
  }
  return best;
}

/**
 * Exactly `rawLength` bytes: no more are ever decoded.
 * @throws XylemError E_PATCH_INVALID
 */
export async function decodeStream({ coder, rawLength, body }: CodedStream): Promise<Uint8Array> {
  const known = coders[coder];
  if (known === undefined) throw patchFault(`coder ${coder} is not known`);
  const raw = await known.decode(body, rawLength).catch((cause: unknown) => {
    throw patchFault('a stream can not be decoded', cause);
  });
  if (raw.length !== rawLength) throw patchFault('a stream does not have the length that was said');
  return raw;
}
