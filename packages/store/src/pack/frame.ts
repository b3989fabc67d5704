import { limits, XylemError } from '@xylem/core';
import { decompress, type FrameCompressor } from './zstd.ts';

const tagRaw = 0;
const tagZstd = 1;

/** Content as a frame: its tag byte and the payload, raw where compression saves less than 3 %. */
export async function encodeFrame(
  content: Uint8Array,
  compressor: FrameCompressor,
): Promise<readonly [tag: number, payload: Uint8Array]> {
  if (!looksCompressible(content)) return [tagRaw, content];
  const packed = await compressor.compress(content);
  return packed.length > content.length * 0.97 ? [tagRaw, content] : [tagZstd, packed];
}

/**
 * A frame's content. It is exactly `rawLength` long; whether it is what was wanted, only its chunks' digests tell.
 * @throws XylemError E_PACK_INVALID
 */
export async function decodeFrame(frame: Uint8Array, rawLength: number): Promise<Uint8Array> {
  const payload = frame.subarray(1);
  let content: Uint8Array;
  if (frame[0] === tagRaw) content = payload;
  else if (frame[0] === tagZstd) {
    content = await decompress(
      payload,
      Math.min(rawLength, limits.frameContent),
      'frame of a pack',
      'E_PACK_INVALID',
    );
  } else throw new XylemError('E_PACK_INVALID', `A frame has the unknown tag ${frame[0] ?? 'none'}.`);
  if (content.length === rawLength) return content;
  throw new XylemError('E_PACK_INVALID', `A frame holds ${content.length} bytes instead of ${rawLength}.`);
}

const sampleBytes = 4096;

/**
 * A cheap look (about 15 µs) by the entropy of four samples: zstd spends 2.5 ms on a MiB of archive or video before
 * it gives up.
 */
function looksCompressible(content: Uint8Array): boolean {
  if (content.length < 16 * sampleBytes) return true;
  const counts = new Uint32Array(256);
  for (let sample = 0; sample < 4; sample += 1) {
    const from = Math.floor(((content.length - sampleBytes) * sample) / 3);
    for (let i = from; i < from + sampleBytes; i += 1) {
      const byte = content[i] as number;
      counts[byte] = (counts[byte] as number) + 1;
    }
  }
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= count * Math.log2(count / (4 * sampleBytes));
  return bits / (4 * sampleBytes) < 7.95;
}
