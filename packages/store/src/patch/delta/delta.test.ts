import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyDeltaBlock, beginDelta, coders, type DeltaBlock, encodeDelta, maxBlockBytes } from './index.ts';
import { rawCoder } from './streams.ts';
import { moved, noise } from './testing.ts';

async function contentOf(base: Buffer, blocks: Iterable<DeltaBlock>): Promise<Buffer> {
  const state = beginDelta(base.length);
  const content: Buffer[] = [];
  for (const { payload, rawLength } of blocks) {
    content.push(
      await applyDeltaBlock(payload, rawLength, (at, length) => base.subarray(at, at + length), state),
    );
  }
  return Buffer.concat(content);
}

const sizeOf = (blocks: readonly DeltaBlock[]): number =>
  blocks.reduce((sum, { payload }) => sum + payload.length, 0);

/** One change of a content, as editing and linking make them. */
const edit = fc.record({
  at: fc.nat(3_000),
  removed: fc.nat(200),
  added: fc.uint8Array({ maxLength: 300 }),
  isMoved: fc.boolean(),
  from: fc.nat(3_000),
});

test('whatever was done to a base, its delta gives the new content', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(3_000), fc.array(edit, { maxLength: 6 }), async (length, edits) => {
      const base = noise('base', length);
      let next = base;
      for (const { at, removed, added, isMoved, from } of edits) {
        const kept = isMoved ? moved(next) : next;
        const taken = base.subarray(from, from + 400);
        next = Buffer.concat([kept.subarray(0, at), added, taken, kept.subarray(at + removed)]);
      }
      assert.deepEqual(await contentOf(base, encodeDelta(base, next, [rawCoder])), next);
    }),
  );
});

test('any two contents, of few values and many', async () => {
  const bytes = fc.oneof(fc.uint8Array(), fc.array(fc.nat(1), { maxLength: 400 }));
  await fc.assert(
    fc.asyncProperty(bytes, bytes, async (before, after) => {
      const [base, next] = [Buffer.from(before), Buffer.from(after)];
      assert.deepEqual(await contentOf(base, encodeDelta(base, next)), next);
    }),
  );
});

test('a content of many blocks: copies, inserts and the position in the base go on from one to the next', async () => {
  const half = noise('half', 3 * 1024 * 1024);
  const base = Buffer.concat([half, noise('other', 2 * 1024 * 1024)]);
  const next = Buffer.concat([moved(base), noise('new', 5 * 1024 * 1024), half, Buffer.alloc(5_000_000)]);
  const blocks = [...encodeDelta(base, next, [rawCoder])];
  assert.deepEqual(
    blocks.map(({ rawLength }) => rawLength),
    [maxBlockBytes, maxBlockBytes, maxBlockBytes, maxBlockBytes, next.length - 4 * maxBlockBytes],
  );
  assert.deepEqual(await contentOf(base, blocks), next);
});

test('the base is read in pieces, each of them within it', async () => {
  const base = noise('base', 3_000_000);
  const [block] = encodeDelta(base, base);
  assert.ok(block !== undefined);
  const reads: (readonly [number, number])[] = [];
  const readBase = (at: number, length: number): Promise<Buffer> => {
    reads.push([at, length]);
    return Promise.resolve(base.subarray(at, at + length));
  };
  await applyDeltaBlock(block.payload, block.rawLength, readBase, beginDelta(base.length));
  assert.deepEqual(reads, [
    [0, 1_048_576],
    [1_048_576, 1_048_576],
    [2_097_152, 902_848],
  ]);
});

test('moved addresses cost little: they differ by the same number', () => {
  const base = noise('code', 400_000);
  const blocks = [...encodeDelta(base, moved(base))];
  assert.ok(sizeOf(blocks) < 500, `${sizeOf(blocks)} bytes`);
});

test('nothing makes no block', () => {
  assert.deepEqual([...encodeDelta(noise('base', 100), Buffer.alloc(0))], []);
});

test('a base that is too long for an index is refused', () => {
  const base = { length: 512 * 1024 * 1024 + 1 } as Buffer;
  assert.throws(() => [...encodeDelta(base, Buffer.alloc(1))], { code: 'E_TOO_LARGE' });
});

/** Written in 2026, and kept for ever: docs/spec/patches.md, "Delta blocks". */
const golden = {
  base: Buffer.concat([noise('golden 1', 40), Buffer.from('10000000', 'hex'), noise('golden 2', 60)]),
  next: Buffer.concat([
    noise('golden 2', 60),
    Buffer.from('new'),
    noise('golden 1', 40),
    Buffer.from('0f000100', 'hex'),
    noise('golden 2', 30),
  ]),
  // form, (coder, length) of six streams; seeks, copies, inserts, gaps, words, inserted
  payload:
    '00' +
    '0003' +
    '0002' +
    '0002' +
    '0001' +
    '0003' +
    '0003' +
    '58cf01' +
    '3c4a' +
    '0300' +
    '64' +
    'feff07' +
    '6e6577',
} as const;

test('a block is written as it ever was, and read so', async () => {
  const blocks = [...encodeDelta(golden.base, golden.next, [rawCoder])];
  assert.deepEqual(
    blocks.map(({ payload }) => payload.toString('hex')),
    [golden.payload],
  );
  const payload = Buffer.from(golden.payload, 'hex');
  const block = { payload, rawLength: golden.next.length };
  assert.deepEqual(await contentOf(golden.base, [block]), golden.next);
});

test('every flipped bit of a block ends as a fault or as a content of the right length', async () => {
  for (const among of [coders, [rawCoder]]) {
    const [block] = encodeDelta(golden.base, golden.next, among);
    assert.ok(block !== undefined);
    for (let bit = 0; bit < block.payload.length * 8; bit += 1) {
      const payload: Buffer = Buffer.from(block.payload);
      payload[bit >> 3] = (payload[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const outcome: unknown = await contentOf(golden.base, [{ ...block, payload }]).catch(
        (error: unknown) => error,
      );
      if (outcome instanceof Buffer) assert.equal(outcome.length, block.rawLength);
      else assert.equal((outcome as { code?: unknown }).code, 'E_PATCH_INVALID', String(outcome));
    }
  }
});
