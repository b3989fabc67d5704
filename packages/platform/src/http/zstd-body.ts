import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { type ErrorCode, XylemError } from '@xylem/core';

const compress = promisify(zlib.zstdCompress);
const decompress = promisify(zlib.zstdDecompress);

/** Below it, what is saved is not worth the work. */
const leastBytes = 4 * 1024;

/** A body as it travels to who can read zstd, and the headers that say so. */
export async function packBody(
  body: Uint8Array,
): Promise<{ readonly body: Uint8Array; readonly headers: Readonly<Record<string, string>> }> {
  if (body.length < leastBytes) return { body, headers: {} };
  // Of what is known to be short, zstd makes no tables of megabytes.
  const packed = await compress(body, { pledgedSrcSize: body.length });
  return { body: packed, headers: { 'content-encoding': 'zstd' } };
}

/** As `packBody`, for the answer to a request with this `accept-encoding`. */
export async function packAnswer(
  body: Uint8Array,
  accepted: string | undefined,
): ReturnType<typeof packBody> {
  return (accepted ?? '').split(',').some((one) => one.trim() === 'zstd')
    ? await packBody(body)
    : { body, headers: {} };
}

/**
 * A body as it was before it was packed.
 * @throws XylemError E_TOO_LARGE, and `code` for what is neither plain nor zstd
 */
export async function unpackBody(
  body: Buffer,
  encoding: string | undefined,
  { maxBytes, what, code }: { readonly maxBytes: number; readonly what: string; readonly code: ErrorCode },
): Promise<Buffer> {
  if (encoding === undefined || encoding === 'identity') return body;
  if (encoding !== 'zstd')
    throw new XylemError(code, `${what} comes neither plain nor as zstd.`, { retry: 'elsewhere' });
  try {
    return await decompress(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new XylemError('E_TOO_LARGE', `${what} is larger than ${maxBytes} bytes`, {
        cause,
        retry: 'elsewhere',
      });
    throw new XylemError(code, `${what} does not decompress.`, { cause, retry: 'elsewhere' });
  }
}
