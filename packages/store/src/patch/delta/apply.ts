import { patchFault } from '../fault.ts';
import { NumberReader } from '../numbers.ts';
import { maxBlockBytes, readBlock } from './block.ts';
import { DifferenceReader } from './words.ts';

/** How much of the base is asked for at once. */
const maxReadBytes = 1024 * 1024;

/** `length` bytes of the base from `offset` on, all of them; both within its size. */
export type ReadBase = (offset: number, length: number) => Promise<Uint8Array> | Uint8Array;

/** What blocks of one file hand on to each other. */
export interface DeltaState {
  /** The size of the base. */
  readonly baseBytes: number;
  /** Where in the base the last copy ended. */
  position: number;
}

/** Before the first block of a file. */
export const beginDelta = (baseBytes: number): DeltaState => ({ baseBytes, position: 0 });

/**
 * The next `rawLength` bytes of the new content, at most 4 MiB; `state` moves on when the whole block was right.
 * Nothing here proves that the content is what was meant: its digest does.
 *
 * Memory: the payload, its streams (at most twice `rawLength` and 64 bytes, which is checked before they are decoded),
 * the content, 1 MiB of the base; and of the decoders at most 16 MiB for the window of a hostile stream.
 * @throws XylemError E_PATCH_INVALID
 */
export async function applyDeltaBlock(
  payload: Uint8Array,
  rawLength: number,
  readBase: ReadBase,
  state: DeltaState,
): Promise<Buffer> {
  if (rawLength < 1 || rawLength > maxBlockBytes) throw patchFault('its content is empty or too long');
  const streams = await readBlock(payload, rawLength);
  const [seeks, copies, inserts, inserted] = [
    new NumberReader(streams.seeks),
    new NumberReader(streams.copies),
    new NumberReader(streams.inserts),
    new NumberReader(streams.inserted),
  ];
  const differences = new DifferenceReader(streams.gaps, streams.words);
  const content = Buffer.alloc(rawLength);
  let { position } = state;
  for (let at = 0; at < rawLength; ) {
    position += seeks.signed();
    const copyLength = copies.unsigned();
    const insertLength = inserts.unsigned();
    if (copyLength + insertLength === 0) throw patchFault('an operation gives nothing');
    if (copyLength + insertLength > rawLength - at) throw patchFault('it gives more than was said');
    if (position < 0 || position + copyLength > state.baseBytes) throw patchFault('a copy leaves the base');
    const copied = content.subarray(at, at + copyLength);
    await readInto(copied, readBase, position);
    differences.apply(copied);
    content.set(inserted.bytes(insertLength), at + copyLength);
    position += copyLength;
    at += copyLength + insertLength;
  }
  const isUsedUp = [seeks, copies, inserts, inserted, differences].every(({ isAtEnd }) => isAtEnd);
  if (!isUsedUp) throw patchFault('its streams hold more than was said');
  state.position = position;
  return content;
}

async function readInto(target: Buffer, readBase: ReadBase, from: number): Promise<void> {
  for (let at = 0; at < target.length; ) {
    const length = Math.min(maxReadBytes, target.length - at);
    const bytes = await readBase(from + at, length);
    if (bytes.length !== length) throw patchFault('the base is shorter than it was');
    target.set(bytes, at);
    at += length;
  }
}
