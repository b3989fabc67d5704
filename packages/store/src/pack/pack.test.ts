import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Digest, limits, sha256, XylemError } from '@xylem/core';
import fc from 'fast-check';
import { memoryFolder, noise, temporaryFolder, text } from '../testing/folder.ts';
import { decodeFrame } from './frame.ts';
import type { PackInfo } from './layout.ts';
import { readPackIndex, verifyPack } from './pack-reader.ts';
import { PackWriter } from './pack-writer.ts';
import { compress } from './zstd.ts';

type Pack = PackInfo & { readonly file: string };

async function writePacks(folder: string, chunks: Iterable<Uint8Array>): Promise<Pack[]> {
  const packs: Pack[] = [];
  const writer = new PackWriter({
    folder,
    onPack: async (pack) => {
      packs.push(pack);
    },
  });
  for (const bytes of chunks) await writer.add(sha256(bytes), bytes);
  await writer.end();
  return packs;
}

/** The chunks as they lie in the packs, by reading every frame. */
async function readPacks(packs: readonly Pack[]): Promise<[Digest, Buffer][]> {
  const chunks: [Digest, Buffer][] = [];
  for (const { file, digest } of packs) {
    const bytes = await readFile(file);
    const { frames } = await verifyPack(file, digest);
    for (const [offset, length, rawLength, inFrame] of frames) {
      assert.ok(rawLength <= limits.frameContent);
      const content = await decodeFrame(bytes.subarray(offset, offset + length), rawLength);
      let at = 0;
      for (const [chunk, size] of inFrame) {
        chunks.push([chunk, Buffer.from(content.subarray(at, at + size))]);
        at += size;
      }
    }
  }
  return chunks;
}

test('whatever chunks go into packs come out of them in order', async (t) => {
  const folder = await temporaryFolder(t, memoryFolder);
  let run = 0;
  const chunk = fc
    .tuple(fc.constantFrom('noise', 'text', 'zero'), fc.integer({ min: 1, max: 262_144 }), fc.nat())
    .map(([kind, length, seed]) =>
      kind === 'zero' ? Buffer.alloc(length) : (kind === 'noise' ? noise : text)(String(seed), length),
    );
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { maxLength: 12 }), async (chunks) => {
      const own = join(folder, String(run++));
      const { mkdir, rm } = await import('node:fs/promises');
      await mkdir(own);
      const read = await readPacks(await writePacks(own, chunks));
      assert.deepEqual(
        read.map(([digest]) => digest),
        chunks.map((bytes) => sha256(bytes)),
      );
      for (const [i, [, bytes]] of read.entries()) assert.ok(bytes.equals(chunks[i]!));
      await rm(own, { recursive: true });
    }),
    { numRuns: 25 },
  );
});

test('packs are closed at 64 MiB of frames, and what does not compress is stored as it is', async (t) => {
  const folder = await temporaryFolder(t, memoryFolder);
  const mib = noise('pack', 1024 * 1024);
  function* chunks(): Generator<Uint8Array> {
    for (let i = 0; i < 280; i += 1) {
      const bytes = Buffer.from(mib.subarray((i % 4) * 262_144, ((i % 4) + 1) * 262_144));
      bytes.writeUInt32LE(i, 0);
      yield bytes;
    }
  }
  const packs = await writePacks(folder, chunks());
  assert.equal(packs.length, 2);
  const { frames, sizeBytes } = packs[0]!;
  const last = frames.at(-1)!;
  assert.ok(last[0] + last[1] - 8 >= limits.packFrames);
  assert.ok(last[0] - 8 < limits.packFrames);
  assert.ok(sizeBytes < limits.pack + limits.packIndex);
  for (const [, length, rawLength] of frames) assert.equal(length, rawLength + 1);
});

const refused = (error: unknown): boolean =>
  error instanceof XylemError && ['E_PACK_INVALID', 'E_OBJECT_DIGEST', 'E_TOO_LARGE'].includes(error.code);

async function smallPack(t: TestContext): Promise<{ file: string; digest: Digest; bytes: Buffer }> {
  const folder = await temporaryFolder(t, memoryFolder);
  const [pack] = await writePacks(folder, [text('one', 400), noise('two', 60), Buffer.from('three')]);
  return { file: pack!.file, digest: pack!.digest, bytes: await readFile(pack!.file) };
}

test('a pack changed at any byte is refused by its digest; its index, read alone, does not break the reader', async (t) => {
  const { file, digest, bytes } = await smallPack(t);
  for (let at = 0; at < bytes.length; at += 1) {
    const wrong = Buffer.from(bytes);
    wrong[at] = wrong[at]! ^ 0x11;
    await writeFile(file, wrong);
    await assert.rejects(verifyPack(file, digest), refused);
    await readPackIndex(file).catch((error: unknown) => assert.ok(refused(error), `${at}: ${String(error)}`));
  }
});

test('a pack whose digest is right is still looked into: what it claims about a chunk must be so', async (t) => {
  const { file, bytes } = await smallPack(t);
  const wrong = Buffer.from(bytes);
  // The last byte of the only frame belongs to "three".
  const end = Number(wrong.readBigUInt64LE(wrong.length - 16));
  wrong[end - 1] = wrong[end - 1]! ^ 1;
  await writeFile(file, wrong);
  await assert.rejects(verifyPack(file, sha256(wrong)), refused);
});

test('a pack cut off anywhere is refused', async (t) => {
  const { file, bytes } = await smallPack(t);
  for (let length = 0; length < bytes.length; length += 1) {
    await writeFile(file, bytes.subarray(0, length));
    await assert.rejects(readPackIndex(file), refused);
  }
});

test('a frame that grows beyond what it says is not decompressed to its end', async () => {
  const bomb = Buffer.concat([Buffer.of(1), await compress(Buffer.alloc(8 * 1024 * 1024))]);
  await assert.rejects(decodeFrame(bomb, 1000), refused);
  await assert.rejects(decodeFrame(bomb, 64 * 1024 * 1024), refused);
  await assert.rejects(decodeFrame(Buffer.of(7, 1, 2), 2), refused);
  await assert.rejects(decodeFrame(Buffer.alloc(0), 0), refused);
});

test('an error of the receiver reaches the writer', async (t) => {
  const folder = await temporaryFolder(t, memoryFolder);
  const writer = new PackWriter({ folder, onPack: () => Promise.reject(new Error('no room')) });
  await writer.add(sha256('x'), Buffer.from('x'));
  await assert.rejects(writer.end(), /no room/);
  await writer.abort();
});
