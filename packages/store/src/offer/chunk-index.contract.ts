import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Digest, type DomainId, type PackFrame, sha256 } from '@xylem/core';
import type { ChunkIndex } from './chunk-index.ts';

const domain = '0'.repeat(31).concat('1') as DomainId;
const other = '0'.repeat(31).concat('2') as DomainId;

const pack = (name: string): { digest: Digest; sizeBytes: number } => ({
  digest: sha256(`pack ${name}`),
  sizeBytes: 10_000,
});
const chunk = (name: string, size: number): readonly [Digest, number] => [sha256(`chunk ${name}`), size];

/** Frames of the given chunks, one behind the other. */
function frames(...contents: (readonly (readonly [Digest, number])[])[]): PackFrame[] {
  let offset = 8;
  return contents.map((chunks) => {
    const rawLength = chunks.reduce((sum, [, size]) => sum + size, 0);
    const frame: PackFrame = [offset, rawLength + 1, rawLength, chunks];
    offset += rawLength + 1;
    return frame;
  });
}

/**
 * What every ChunkIndex must do; run it over each implementation. `make` gives an empty index, in which both domains
 * of the suite (`…01`, `…02`) may be used, and takes care of its own end.
 */
export function chunkIndexContract(name: string, make: () => Promise<ChunkIndex>): void {
  const [a, b, c, d] = [chunk('a', 100), chunk('b', 200), chunk('c', 300), chunk('d', 400)];

  test(`${name}: says where each chunk of a pack lies`, async () => {
    const index = await make();
    await index.addPack(domain, pack('one'), frames([a, b], [c]));
    const found = await index.locate(domain, [b[0], c[0], d[0]]);
    assert.deepEqual([...found.keys()].sort(), [b[0], c[0]].sort());
    assert.deepEqual(found.get(b[0]), {
      sizeBytes: 200,
      pack: pack('one').digest,
      packSizeBytes: 10_000,
      frameOffset: 8,
      frameLength: 301,
      frameRawLength: 300,
      offsetInFrame: 100,
    });
    assert.deepEqual(found.get(c[0]), {
      sizeBytes: 300,
      pack: pack('one').digest,
      packSizeBytes: 10_000,
      frameOffset: 309,
      frameLength: 301,
      frameRawLength: 300,
      offsetInFrame: 0,
    });
  });

  test(`${name}: keeps domains apart`, async () => {
    const index = await make();
    await index.addPack(domain, pack('one'), frames([a]));
    assert.equal((await index.locate(other, [a[0]])).size, 0);
    assert.equal(await index.hasPack(domain, pack('one').digest), true);
    assert.equal(await index.hasPack(other, pack('one').digest), false);
    await index.addPack(other, pack('one'), frames([a]));
    assert.equal((await index.locate(other, [a[0]])).size, 1);
  });

  test(`${name}: answers a chunk of several packs from the one added first`, async () => {
    const index = await make();
    await index.addPack(domain, pack('one'), frames([a]));
    await index.addPack(domain, pack('two'), frames([b, a]));
    assert.equal((await index.locate(domain, [a[0]])).get(a[0])?.pack, pack('one').digest);
  });

  test(`${name}: a pack added twice changes nothing`, async () => {
    const index = await make();
    await index.addPack(domain, pack('one'), frames([a, b]));
    const before = await index.locate(domain, [a[0], b[0]]);
    await index.addPack(domain, pack('one'), frames([a, b]));
    assert.deepEqual(await index.locate(domain, [a[0], b[0]]), before);
  });

  test(`${name}: forgets a pack, but not the chunks that another holds`, async () => {
    const index = await make();
    await index.addPack(domain, pack('one'), frames([a, b]));
    await index.addPack(domain, pack('two'), frames([a]));
    await index.removePack(domain, pack('one').digest);
    assert.equal(await index.hasPack(domain, pack('one').digest), false);
    const found = await index.locate(domain, [a[0], b[0]]);
    assert.equal(found.get(a[0])?.pack, pack('two').digest);
    assert.equal(found.has(b[0]), false);
    await index.removePack(domain, pack('absent').digest);
  });

  test(`${name}: takes a chunk twice in one pack, and many at once`, async () => {
    const index = await make();
    const many = Array.from({ length: 5000 }, (_, i) => chunk(`many ${i}`, 1 + (i % 100)));
    await index.addPack(domain, pack('many'), frames([a, a], many.slice(0, 2500), many.slice(2500)));
    const digests = many.map(([digest]) => digest);
    assert.equal((await index.locate(domain, [...digests, ...digests])).size, 5000);
    assert.equal((await index.locate(domain, [a[0]])).get(a[0])?.offsetInFrame, 0);
    assert.equal((await index.locate(domain, [])).size, 0);
  });

  test(`${name}: an empty pack is a pack`, async () => {
    const index = await make();
    await index.addPack(domain, pack('empty'), []);
    assert.equal(await index.hasPack(domain, pack('empty').digest), true);
  });
}
