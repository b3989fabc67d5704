import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { limits, XylemError } from '@xylem/core';

const compress = promisify(zlib.zstdCompress);
const decompress = promisify(zlib.zstdDecompress);
const rawTag = 0;
const zstdTag = 1;
/** Compression must save more than 1 in this many bytes, else the frame stays raw and costs readers nothing. */
const worthwhile = 32;

/** A frame (docs/spec/objects.md, Packs): tag and payload. Runs on the thread pool. */
export async function encodeFrame(content: Uint8Array, level: number): Promise<Uint8Array> {
  const packed = looksRandom(content)
    ? content
    : await compress(content, {
        params: { [zlib.constants.ZSTD_c_compressionLevel]: level },
        pledgedSrcSize: content.length,
      });
  const isSmaller = packed.length < content.length - content.length / worthwhile;
  return Buffer.concat([Buffer.from([isSmaller ? zstdTag : rawTag]), isSmaller ? packed : content]);
}

/**
 * The content of a frame, exactly `rawLength` bytes. Chunks still have to be checked by their digests.
 * @throws XylemError E_PACK_INVALID
 */
export async function decodeFrame(frame: Uint8Array, rawLength: number): Promise<Uint8Array> {
  if (rawLength > limits.frameContent) throw invalid(`its content has ${rawLength} bytes`);
  const payload = frame.subarray(1);
  let content: Uint8Array;
  if (frame[0] === rawTag) content = payload;
  else if (frame[0] === zstdTag) {
    try {
      content = await decompress(payload, { maxOutputLength: rawLength });
    } catch (cause) {
      throw invalid('it does not decompress to what was said', cause);
    }
  } else throw invalid(`unknown tag ${frame[0]}`);
  if (content.length !== rawLength)
    throw invalid(`its content has ${content.length} bytes, not ${rawLength}`);
  return content;
}

/** Whether a sample's bytes are spread so evenly that compressing would only cost time. */
function looksRandom(content: Uint8Array): boolean {
  const sample = 4096;
  if (content.length < 4 * sample) return false;
  for (const begin of [0, content.length >> 1, content.length - sample]) {
    const counts = new Uint16Array(256);
    for (let i = begin; i < begin + sample; i += 1)
      counts[content[i] as number] = (counts[content[i] as number] as number) + 1;
    let bits = 0;
    for (const count of counts) if (count > 0) bits -= count * Math.log2(count / sample);
    if (bits < sample * 7.9) return false;
  }
  return true;
}

function invalid(reason: string, cause?: unknown): XylemError {
  return new XylemError('E_PACK_INVALID', `A frame of a pack is not valid: ${reason}.`, {
    retry: 'elsewhere',
    ...(cause === undefined ? {} : { cause }),
  });
}
