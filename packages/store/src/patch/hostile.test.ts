import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { limits, sha256, type TreeEntry } from '@xylem/core';
import { fetchTree } from '../fetch/fetch-tree.ts';
import { compress, compressAfter } from '../pack/zstd.ts';
import { repositorySource } from '../source/repository-source.ts';
import { makeFixture, testDomain } from '../testing/fixture.ts';
import { memoryFolder } from '../testing/folder.ts';
import { readFolder } from '../testing/read-folder.ts';
import { applyPatch } from './apply.ts';
import { encodeBlock, encodeHead, mostMadeBytes } from './format.ts';
import { makePatch } from './make.ts';
import { OldTree } from './old-tree.ts';
import { type Encoding, type OutlineEntry, packOutline } from './outline.ts';
import { from, type Published } from './testing.ts';

/** Applies a patch whose outline keeps `a` and makes one file, and none of whose blocks is there. */
async function refusesToMake(old: Published, path: string, sizeBytes: number): Promise<void> {
  const check = '00000000';
  const made = {
    kind: 'made',
    path,
    encoding: 'whole',
    base: null,
    sizeBytes,
    executable: false,
    check,
  } as const;
  const outline = await packOutline(old.entries, [{ kind: 'kept', path: 'a' }, made]);
  const to = sha256('another tree');
  const head = encodeHead({ from: old.tree, to, outlineBytes: outline.length, sizeBytes });
  const target = {
    prepare: async () => assert.fail('it was believed'),
    write: async () => assert.fail('it was written'),
  };
  const tree = new OldTree(old.folder, old.entries);
  await assert.rejects(
    applyPatch(from(Buffer.concat([head, outline])), { from: old.tree, to }, tree, target),
    {
      code: 'E_PATCH_INVALID',
    },
  );
  await tree.close();
}

test('no path leads out of the tree, and none is made that the tree does not allow', async (t) => {
  const own = await makeFixture(t, memoryFolder);
  const old = await own.publish('old', { a: 'content' });
  for (const path of ['../out', '/etc/out', 'b/../../out', 'A', 'a/b']) await refusesToMake(old, path, 1);
});

test('files that no disk holds are refused before anything is made for them', async (t) => {
  const own = await makeFixture(t, memoryFolder);
  const old = await own.publish('old', { a: 'content' });
  for (const sizeBytes of [mostMadeBytes + 1, 2 ** 45, Number.MAX_SAFE_INTEGER])
    await refusesToMake(old, 'b', sizeBytes);
});

test('a later version says that it is one; what is no patch, and sizes that none has, are refused at once', async (t) => {
  const own = await makeFixture(t, memoryFolder);
  const old = await own.publish('old', { a: 'content' });
  const to = sha256('another tree');
  const tree = new OldTree(old.folder, old.entries);
  t.after(() => tree.close());
  const target = { prepare: async () => undefined, write: async () => undefined };
  const refused = (patch: Uint8Array, code: string): Promise<void> =>
    assert.rejects(applyPatch(from(patch), { from: old.tree, to }, tree, target), { code });
  const head = encodeHead({ from: old.tree, to, outlineBytes: 100, sizeBytes: 0 });
  await refused(head.with(7, '2'.charCodeAt(0)), 'E_FORMAT_UNSUPPORTED');
  await refused(head.with(7, '0'.charCodeAt(0)), 'E_PATCH_INVALID');
  await refused(head.with(0, 0), 'E_PATCH_INVALID');
  await refused(encodeHead({ from: to, to, outlineBytes: 100, sizeBytes: 0 }), 'E_PATCH_INVALID');
  await refused(
    encodeHead({ from: old.tree, to: old.tree, outlineBytes: 0, sizeBytes: 0 }),
    'E_PATCH_INVALID',
  );
  const asked: number[] = [];
  const long = encodeHead({ from: old.tree, to, outlineBytes: limits.patchOutline + 1, sizeBytes: 0 });
  const read = from(long);
  const noting = async (bytes: number): Promise<Uint8Array> => {
    asked.push(bytes);
    return await read(bytes);
  };
  await assert.rejects(applyPatch(noting, { from: old.tree, to }, tree, target), { code: 'E_PATCH_INVALID' });
  assert.ok(Math.max(...asked) <= 32, 'nothing is held for what can not be');
  for (let end = 0; end < head.length; end += 1) await refused(head.subarray(0, end), 'E_PATCH_INVALID');
});

test('an outline that is a few kilobytes and would be gigabytes is refused where the limits are', async (t) => {
  const own = await makeFixture(t, memoryFolder);
  const old = await own.publish('old', { a: 'content' });
  const to = sha256('another tree');
  const kept = '{"k":1,"p":"a"}\n';
  const long = `{"k":1,"p":"${'a'.repeat(1_000)}"}\n`;
  const tree = new OldTree(old.folder, old.entries);
  t.after(() => tree.close());
  const target = { prepare: () => assert.fail(), write: () => assert.fail() };
  for (const [line, count] of [
    [kept, limits.patchEntries + 1],
    [long, Math.ceil(limits.patchOutline / long.length)],
  ] as const) {
    const outline = await compressAfter(Buffer.from(line.repeat(count)), Buffer.from(kept), 1);
    assert.ok(outline.length < 16 * 1024, `${outline.length}`);
    const patch = [encodeHead({ from: old.tree, to, outlineBytes: outline.length, sizeBytes: 0 }), outline];
    await assert.rejects(applyPatch(from(Buffer.concat(patch)), { from: old.tree, to }, tree, target), {
      code: 'E_TOO_LARGE',
    });
  }
});

/** A frame of zstd that holds `content` as it is and asks for a window of 2^`windowLog` bytes (RFC 8878, 3.1.1). */
function withWindow(content: Uint8Array, windowLog: number): Buffer {
  const lastRaw = (content.length << 3) | 1;
  const head = [0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3];
  return Buffer.concat([Buffer.of(...head, lastRaw & 255, (lastRaw >> 8) & 255, lastRaw >> 16), content]);
}

test('a block or an outline that asks for a larger window than any needs is refused', async (t) => {
  const own = await makeFixture(t, memoryFolder);
  const old = await own.publish('old', { a: 'content' });
  const to = sha256('another tree');
  const tree = new OldTree(old.folder, old.entries);
  t.after(() => tree.close());
  const content = Buffer.from('b');
  const check = sha256(content).slice(0, 8);
  const text = Buffer.from(`{"e":"s","n":true,"p":"b","s":1,"v":"${check}"}\n`);
  const cameTo = async (outlineLog: number, blockLog: number): Promise<string> => {
    const outline = withWindow(text, outlineLog);
    const patch = Buffer.concat([
      encodeHead({ from: old.tree, to, outlineBytes: outline.length, sizeBytes: 1 }),
      outline,
      encodeBlock({ kind: 'solid', rawLength: 1, payload: withWindow(content, blockLog) }),
    ]);
    const reached = ['outline'];
    const target = {
      prepare: async () => void reached.push('block'),
      write: async () => void reached.push('file'),
    };
    await assert.rejects(applyPatch(from(patch), { from: old.tree, to }, tree, target), {
      code: 'E_PATCH_INVALID',
    });
    return reached.at(-1) ?? '';
  };
  assert.equal(await cameTo(26, 25), 'file');
  assert.equal(await cameTo(26, 26), 'block');
  assert.equal(await cameTo(27, 25), 'outline');
});

test('between trees with more names than an outline holds no patch is made, and that is found at once', async () => {
  const folders = (count: number, inside: string): OldTree =>
    new OldTree(
      'no such folder',
      Array.from({ length: count }, (_, n): TreeEntry => {
        return { type: 'folder', path: `${inside}${String(n).padStart(8, '0')}` };
      }),
    );
  const deep = Array.from({ length: 15 }, (_, n) => `${n}`.padEnd(limits.segment, '-')).join('/');
  const ends = { from: sha256('one'), to: sha256('other') };
  const small = folders(0, '');
  for (const large of [
    folders(Math.ceil(limits.patchOutline / deep.length), `${deep}/`),
    folders(limits.patchEntries + 1, ''),
  ]) {
    await assert.rejects(makePatch({ ...ends, old: small, next: large }), { code: 'E_TOO_LARGE' });
    await assert.rejects(makePatch({ ...ends, old: large, next: small }), { code: 'E_TOO_LARGE' });
  }
});

test('what a patch makes is never made from what it makes', async (t) => {
  const own = await makeFixture(t, memoryFolder);
  const old = await own.publish('old', { a: 'content' });
  const to = sha256('another tree');
  const tree = new OldTree(old.folder, old.entries);
  t.after(() => tree.close());
  const target = { prepare: async () => undefined, write: () => assert.fail('it was written') };
  const made = (path: string, encoding: Encoding, base: string): OutlineEntry => {
    return { kind: 'made', path, encoding, base, sizeBytes: 1, executable: false, check: '00000000' };
  };
  for (const entries of [
    // Its own base, and two that are one another's.
    ...(['delta', 'solid', 'whole'] as const).flatMap((encoding) => [
      [made('b', encoding, 'b')],
      [made('b', encoding, 'c'), made('c', encoding, 'b')],
    ]),
    [
      { kind: 'copied', path: 'b', from: 'c', executable: false },
      { kind: 'copied', path: 'c', from: 'b', executable: false },
    ] as const,
  ]) {
    const outline = await packOutline(old.entries, entries);
    const sizeBytes = entries[0]?.kind === 'made' ? entries.length : 0;
    const patch = Buffer.concat([
      encodeHead({ from: old.tree, to, outlineBytes: outline.length, sizeBytes }),
      outline,
      encodeBlock({ kind: 'solid', rawLength: 1, payload: await compress(Buffer.from('b')) }),
    ]);
    await assert.rejects(applyPatch(from(patch), { from: old.tree, to }, tree, target), {
      code: 'E_PATCH_INVALID',
      message: /which is no file of the old tree/,
    });
  }
});

test('a list whose patch leads from a tree to itself leads nowhere else', async (t) => {
  const own = await makeFixture(t, memoryFolder);
  const old = await own.publish('old', { a: 'content' });
  const next = await own.publish('next', { a: 'other content' });
  const source = repositorySource(own.repository);
  const outline = await packOutline(next.entries, [{ kind: 'kept', path: 'a' }]);
  const ends = { from: next.tree, to: next.tree };
  const patch = Buffer.concat([encodeHead({ ...ends, outlineBytes: outline.length, sizeBytes: 0 }), outline]);
  await own.repository.putObject(testDomain, sha256(patch), patch);
  const patches = {
    format: 'xylem-patches-1',
    to: next.tree,
    patches: [[next.tree, sha256(patch), patch.length, 0, 1_000_000]],
  } as const;
  const options = { source, domain: testDomain, patches };
  const at = (name: string): string => join(own.base, `at-${name}`);
  await fetchTree({ ...options, tree: old.tree, into: at('first'), patches: 'none' });
  // Who has the tree makes it of itself; who does not has nothing to begin at.
  for (const [seed, into] of [
    ['first', 'second'],
    ['second', 'third'],
  ] as const) {
    await fetchTree({ ...options, tree: next.tree, into: at(into), seeds: [{ folder: at(seed) }] });
    assert.deepEqual(await readFolder(at(into)), await readFolder(next.folder));
  }
});
