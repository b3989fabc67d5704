import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NumberWriter } from '../numbers.ts';
import { type Streams, writeBlock } from './block.ts';
import { applyDeltaBlock, beginDelta, type DeltaState, maxBlockBytes, type ReadBase } from './index.ts';
import { rawCoder } from './streams.ts';
import { noise } from './testing.ts';

const invalid = { code: 'E_PATCH_INVALID' };
const base = noise('base', 1_000);
const readBase: ReadBase = (at, length) => {
  assert.ok(at >= 0 && at + length <= base.length, `asked for ${length} bytes at ${at}`);
  return base.subarray(at, at + length);
};

const unsigned = (...numbers: readonly number[]): Buffer =>
  written((writer, n) => writer.unsigned(n), numbers);
const signed = (...numbers: readonly number[]): Buffer => written((writer, n) => writer.signed(n), numbers);

function written(write: (writer: NumberWriter, n: number) => void, numbers: readonly number[]): Buffer {
  const writer = new NumberWriter();
  for (const n of numbers) write(writer, n);
  return writer.written();
}

/** Ten bytes of the base from 5 on, one of its words changed, then two of its own. */
const good: Streams = {
  seeks: signed(5),
  copies: unsigned(10),
  inserts: unsigned(2),
  gaps: unsigned(3),
  words: signed(-7),
  inserted: Buffer.from('ab'),
};
const goodLength = 12;

const applied = (payload: Uint8Array, rawLength: number, state: DeltaState): Promise<Buffer> =>
  applyDeltaBlock(payload, rawLength, readBase, state);

const appliedStreams = (changed: Partial<Streams>, rawLength = goodLength): Promise<Buffer> =>
  applied(writeBlock({ ...good, ...changed }, [rawCoder]), rawLength, beginDelta(base.length));

test('a block put together by hand is applied, and the position goes on', async () => {
  const state = beginDelta(base.length);
  const expected = Buffer.concat([base.subarray(5, 15), Buffer.from('ab')]);
  expected.writeInt32LE((expected.readInt32LE(3) - 7) | 0, 3);
  assert.deepEqual(await applied(writeBlock(good, [rawCoder]), goodLength, state), expected);
  assert.equal(state.position, 15);
});

const hostile: Readonly<Record<string, Partial<Streams>>> = {
  'a copy before the base': { seeks: signed(-1) },
  'a copy beyond the base': { seeks: signed(991) },
  'a seek far beyond the base': { seeks: signed(2 ** 52 - 1) },
  'a copy that is longer than the content': { copies: unsigned(11) },
  'a copy of 2^53 - 1 bytes': { copies: unsigned(Number.MAX_SAFE_INTEGER) },
  'an insert that is longer than the content': { inserts: unsigned(3) },
  'a copy and an insert whose sum is no exact number': {
    copies: unsigned(Number.MAX_SAFE_INTEGER),
    inserts: unsigned(Number.MAX_SAFE_INTEGER),
  },
  'an insert that is longer than what is inserted': { inserted: Buffer.from('a') },
  'lengths that do not reach the end': { copies: unsigned(9) },
  'an operation that gives nothing': {
    seeks: signed(0, 5),
    copies: unsigned(0, 10),
    inserts: unsigned(0, 2),
  },
  'seeks that are left over': { seeks: signed(5, 0) },
  'copies that are left over': { copies: unsigned(10, 0) },
  'inserts that are left over': { inserts: unsigned(2, 0) },
  'a gap that is left over': { gaps: unsigned(3, 0) },
  'a gap that reaches beyond what is copied': { gaps: unsigned(10) },
  'a word that is left over': { words: signed(-7, 1) },
  'a gap without its word': { words: Buffer.alloc(0) },
  'inserted bytes that are left over': { inserted: Buffer.from('abc') },
  'a number that is cut off': { words: Buffer.from('ff', 'hex') },
  'a number that is longer than it need be': { gaps: Buffer.from('8300', 'hex') },
  'a difference that is larger than its word': { words: signed(2 ** 31) },
  'a difference that is larger than the rest of its copy': { gaps: unsigned(8), words: signed(2 ** 15) },
  'a seek that is not there': { seeks: Buffer.alloc(0) },
};

for (const [what, changed] of Object.entries(hostile)) {
  test(`${what} is refused`, () => assert.rejects(appliedStreams(changed), invalid));
}

test('the last byte of the base, its end without bytes, and the widest differences are allowed', async () => {
  const end = { copies: unsigned(1), inserts: unsigned(2), gaps: unsigned(), words: signed() };
  assert.equal((await appliedStreams({ ...end, seeks: signed(999) }, 3))[0], base[999]);
  await appliedStreams({ ...end, seeks: signed(1_000), copies: unsigned(0) }, 2);
  await appliedStreams({ words: signed(-(2 ** 31)) });
  await appliedStreams({ gaps: unsigned(9), words: signed(-(2 ** 7)) });
});

test('what is wrong with the head is refused before a stream is decoded', async () => {
  const state = beginDelta(base.length);
  const payload = writeBlock(good, [rawCoder]);
  const refused = (bytes: Uint8Array, rawLength = goodLength): Promise<void> =>
    assert.rejects(applied(bytes, rawLength, state), invalid);
  await refused(Buffer.alloc(0));
  await refused(payload.with(0, 1));
  await refused(payload.with(1, 3));
  await refused(payload.subarray(0, -1));
  await refused(Buffer.concat([payload, Buffer.alloc(1)]));
  await refused(payload, 0);
  await refused(payload, maxBlockBytes + 1);
  // A stream that says that its body is as long as itself, and streams that are longer together than they may be.
  await refused(Buffer.concat([Buffer.from('0002010100000000000000000000', 'hex'), Buffer.alloc(1)]));
  await refused(Buffer.concat([Buffer.from([0]), unsigned(2, 2 ** 40, 5), Buffer.alloc(15)]));
  assert.equal(state.position, 0);
});

test('the position does not move by a block that fails at its end', async () => {
  const state = beginDelta(base.length);
  const payload = writeBlock({ ...good, inserted: Buffer.from('abc') }, [rawCoder]);
  await assert.rejects(applied(payload, goodLength, state), invalid);
  assert.equal(state.position, 0);
});

test('a base that became shorter is a fault', async () => {
  const block = writeBlock(good, [rawCoder]);
  const short: ReadBase = () => Buffer.alloc(3);
  await assert.rejects(applyDeltaBlock(block, goodLength, short, beginDelta(base.length)), invalid);
});

test('whatever the streams hold, it ends as that fault or as a content of the right length', async () => {
  const numbers = fc.array(fc.oneof(fc.nat(20), fc.maxSafeNat()), { maxLength: 5 });
  const integers = fc.array(fc.oneof(fc.integer({ min: -20, max: 20 }), fc.integer()), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seeks: integers.map((some) => signed(...some)),
        copies: numbers.map((some) => unsigned(...some)),
        inserts: numbers.map((some) => unsigned(...some)),
        gaps: numbers.map((some) => unsigned(...some)),
        words: integers.map((some) => signed(...some)),
        inserted: fc.uint8Array({ maxLength: 30 }),
      }),
      fc.nat(60),
      async (streams, rawLength) => {
        const outcome = await appliedStreams(streams, rawLength).catch((error: unknown) => error);
        if (outcome instanceof Buffer) assert.equal(outcome.length, rawLength);
        else assert.equal((outcome as { code?: unknown }).code, 'E_PATCH_INVALID', String(outcome));
      },
    ),
    { numRuns: 500 },
  );
});
