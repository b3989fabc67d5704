import { patchFault } from '../fault.ts';
import { NumberReader, NumberWriter } from '../numbers.ts';
import { type CodedStream, type Coder, decodeStream, encodeStream, rawCoder } from './streams.ts';

/** How much of the new content one block gives at most. */
export const maxBlockBytes = 4 * 1024 * 1024;

/** How the streams of a block are to be read; another arrangement is another form. */
const form = 0;

/** In the order in which they travel: docs/spec/patches.md, "Delta blocks". */
const streamNames = ['seeks', 'copies', 'inserts', 'gaps', 'words', 'inserted'] as const;

export type Streams = Readonly<Record<(typeof streamNames)[number], Uint8Array>>;

/** So that what a block takes is bounded before any of it is decoded. */
const maxStreamBytes = (rawLength: number): number => 2 * rawLength + 64;

export function writeBlock(streams: Streams, among: readonly Coder[]): Buffer {
  const coded = streamNames.map((name) => encodeStream(streams[name], among));
  const head = new NumberWriter();
  head.unsigned(form);
  for (const { coder, rawLength, body } of coded) {
    head.unsigned(coder);
    head.unsigned(rawLength);
    if (coder !== rawCoder.id) head.unsigned(body.length);
  }
  return Buffer.concat([head.written(), ...coded.map(({ body }) => body)]);
}

/**
 * The streams of a block that gives `rawLength` bytes.
 * @throws XylemError E_PATCH_INVALID
 */
export async function readBlock(payload: Uint8Array, rawLength: number): Promise<Streams> {
  const reader = new NumberReader(payload);
  if (reader.unsigned() !== form) throw patchFault('its form is not known');
  const headers = streamNames.map(() => readHeader(reader));
  const total = headers.reduce((sum, header) => sum + header.rawLength, 0);
  if (total > maxStreamBytes(rawLength)) throw patchFault('its streams are too long');
  const coded = headers.map(
    ({ coder, rawLength, length }): CodedStream => ({ coder, rawLength, body: reader.bytes(length) }),
  );
  if (!reader.isAtEnd) throw patchFault('there is something behind its streams');
  const [seeks, copies, inserts, gaps, words, inserted] = await inTurn(coded);
  if (!seeks || !copies || !inserts || !gaps || !words || !inserted) throw patchFault('a stream is missing');
  return { seeks, copies, inserts, gaps, words, inserted };
}

function readHeader(reader: NumberReader): { coder: number; rawLength: number; length: number } {
  const coder = reader.unsigned();
  const rawLength = reader.unsigned();
  if (coder === rawCoder.id) return { coder, rawLength, length: rawLength };
  const length = reader.unsigned();
  if (length >= rawLength) throw patchFault('a stream is longer than its bytes as they are');
  return { coder, rawLength, length };
}

/** One after the other: a hostile stream can ask for a window of 16 MiB, six at once for six. */
async function inTurn(coded: readonly CodedStream[]): Promise<Uint8Array[]> {
  const streams: Uint8Array[] = [];
  for (const stream of coded) streams.push(await decodeStream(stream));
  return streams;
}
