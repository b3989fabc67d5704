import { promisify } from 'node:util';
import {
  constants,
  createZstdCompress,
  type ZstdCompress,
  type ZstdOptions,
  zstdCompress,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib';
import { type ErrorCode, XylemError } from '@xylem/core';

const compressAsync: (bytes: Uint8Array, options: ZstdOptions) => Promise<Buffer> = promisify(zstdCompress);
const decompressAsync: (bytes: Uint8Array, options: ZstdOptions) => Promise<Buffer> =
  promisify(zstdDecompress);

/**
 * Measured on two cores with node's own binary in frames of 1 MiB: level 1 makes 0.35 of it at 250 MB/s a core, level
 * 3 0.32 at 165, level -5 0.49 at 300. Publishing has to keep up with 200 MB/s beside hashing and cutting.
 */
export const defaultLevel = 1;

/** Compresses in the thread pool; the frame header holds the content size. */
export function compress(bytes: Uint8Array, level: number = defaultLevel): Promise<Buffer> {
  return compressAsync(bytes, {
    // By default the output grows in steps of 16 KiB, each a round trip to the pool: half as fast.
    chunkSize: bytes.length + 64 * 1024,
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_contentSizeFlag]: 1 },
    pledgedSrcSize: bytes.length,
  });
}

/**
 * Compresses one frame after the other in the thread pool, each on its own with its content size. It keeps zstd's
 * tables and its output buffers, which costs a quarter less than `compress`.
 */
export class FrameCompressor {
  readonly #stream: ZstdCompress;
  #output: Buffer[] = [];

  constructor(level: number = defaultLevel) {
    this.#stream = createZstdCompress({
      // Each write is compressed to the end of a zstd frame; given in one piece, its size is known.
      flush: constants.ZSTD_e_end,
      chunkSize: 2 * 1024 * 1024,
      params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_contentSizeFlag]: 1 },
    });
    this.#stream.on('data', (bytes: Buffer) => this.#output.push(bytes));
  }

  /** One call at a time. */
  compress(bytes: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#stream.once('error', reject);
      this.#stream.write(bytes, (error) => {
        this.#stream.off('error', reject);
        const [first, ...more] = this.#output;
        this.#output = [];
        if (error != null) reject(error);
        else if (first === undefined) reject(new Error('zstd gave no frame'));
        else resolve(more.length === 0 ? first : Buffer.concat([first, ...more]));
      });
    });
  }

  close(): void {
    this.#stream.destroy();
  }
}

/** A zero byte before a prefix, so that none is taken for a dictionary of zstd's own format. */
const asContent = (prefix: Uint8Array): Buffer => Buffer.concat([Buffer.of(0), prefix]);

/** Compresses as if `prefix` had been sent before. Takes about twelve bytes for each of both. */
export async function compressAfter(bytes: Uint8Array, prefix: Uint8Array, level: number): Promise<Buffer> {
  const windowLog = Math.min(26, Math.max(17, Math.ceil(Math.log2(prefix.length + bytes.length + 1))));
  return await compressAsync(bytes, {
    chunkSize: bytes.length + 64 * 1024,
    dictionary: asContent(prefix),
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_contentSizeFlag]: 1,
      // Those of the level are for content alone, and would find little of a long prefix.
      [constants.ZSTD_c_windowLog]: windowLog,
      [constants.ZSTD_c_hashLog]: windowLog,
      [constants.ZSTD_c_chainLog]: windowLog,
    },
    pledgedSrcSize: bytes.length,
  });
}

/**
 * What `compressAfter` made with the same prefix; at most `maxBytes`, with a window of at most 2^`windowLogMax` bytes.
 * @throws XylemError `code` for what is not that, E_TOO_LARGE
 */
export async function decompressAfter(
  bytes: Uint8Array,
  prefix: Uint8Array,
  {
    maxBytes,
    what,
    code,
    windowLogMax,
  }: {
    readonly maxBytes: number;
    readonly what: string;
    readonly code: ErrorCode;
    readonly windowLogMax: number;
  },
): Promise<Buffer> {
  return await decompress(bytes, maxBytes, what, code, windowLogMax, asContent(prefix));
}

/** A trip to the thread pool costs more than this much of decompressing. */
const worthATrip = 64 * 1024;

/**
 * Decompresses at most `maxBytes`, what is long in the thread pool. A window beyond 8 MiB is refused, so that a small input can't
 * ask for much memory.
 * @throws XylemError `code` for what is no zstd, E_TOO_LARGE
 */
export async function decompress(
  bytes: Uint8Array,
  maxBytes: number,
  what: string,
  code: ErrorCode,
  windowLogMax = 23,
  dictionary?: Buffer,
): Promise<Buffer> {
  const saidBytes = Math.min(contentSizeOf(bytes) ?? 1024 * 1024, maxBytes);
  const options = {
    chunkSize: Math.min(saidBytes, 1024 * 1024) + 64,
    maxOutputLength: maxBytes,
    ...(dictionary === undefined ? {} : { dictionary }),
    params: { [constants.ZSTD_d_windowLogMax]: windowLogMax },
  };
  try {
    return decompressShort(bytes, saidBytes, options) ?? (await decompressAsync(bytes, options));
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new XylemError('E_TOO_LARGE', `The ${what} has more than ${maxBytes} bytes; no more are read.`, {
        cause,
        retry: 'elsewhere',
      });
    }
    throw new XylemError(code, `The ${what} can't be decompressed.`, { cause });
  }
}

/** In this thread, unless it is long, or turns out to be. */
function decompressShort(bytes: Uint8Array, saidBytes: number, options: ZstdOptions): Buffer | null {
  if (bytes.length >= worthATrip || saidBytes >= worthATrip) return null;
  try {
    return zstdDecompressSync(bytes, { ...options, maxOutputLength: Math.max(1, saidBytes) });
  } catch (error) {
    // Several frames in a row, or a header that lies.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** What the first frame's header says of its content (RFC 8878, 3.1.1.1); null: nothing. */
function contentSizeOf(bytes: Uint8Array): number | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < 18 || view.readUInt32LE(0) !== 0xfd2fb528) return null;
  const descriptor = view.readUInt8(4);
  const isSingle = (descriptor & 0x20) !== 0;
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const at = 5 + (isSingle ? 0 : 1) + dictionaryIdBytes;
  const size = descriptor >> 6;
  if (size === 0) return isSingle ? view.readUInt8(at) : null;
  if (size === 1) return view.readUInt16LE(at) + 256;
  return size === 2 ? view.readUInt32LE(at) : Number(view.readBigUInt64LE(at));
}
