import assert from 'node:assert/strict';
import { chmod, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { type Digest, type DomainId, sha256 } from '@xylem/core';
import { patchListPath, putPatchList } from '../patch/list.ts';
import { makeFixture, testDomain } from '../testing/fixture.ts';
import { memoryFolder, noise, text } from '../testing/folder.ts';
import { verifyRepository } from './verify.ts';

const otherDomain = 'f'.repeat(32) as DomainId;

async function filled(t: TestContext) {
  const own = await makeFixture(t, memoryFolder);
  const { tree, packs } = await own.publish('one', {
    'a.bin': noise('a', 300_000),
    'b.txt': text('b', 9_000),
  });
  const [pack] = packs.map(({ digest }) => digest);
  assert.ok(pack);
  const { repository } = own;
  await repository.linkObject(otherDomain, pack);
  const patch = Buffer.from('a patch');
  await repository.putObject(testDomain, sha256(patch), patch);
  await putPatchList(repository, testDomain, tree, [[sha256('old'), sha256(patch), patch.length, 1, 1]]);
  const found = async () =>
    (await verifyRepository(repository)).faults.map(({ path, fault }) => `${fault} ${path}`);
  return { repository, tree, pack, patch: sha256(patch), found };
}

const at = (digest: Digest, domain: DomainId = testDomain): string => `o/${domain}/${digest}`;

test('a repository that is whole has no faults, and equal objects of two domains are read once', async (t) => {
  const { repository, found } = await filled(t);
  assert.deepEqual(await found(), []);
  const seen: number[] = [];
  const { files, bytes } = await verifyRepository(repository, { onProgress: (done) => seen.push(done) });
  let objects = 0;
  for await (const _ of repository.listObjects(testDomain)) objects += 1;
  assert.equal(files, objects);
  assert.deepEqual(
    seen,
    Array.from({ length: files }, (_, n) => n + 1),
  );
  assert.ok(bytes > 300_000);
});

test('one flipped bit is found, in each domain that has the file', async (t) => {
  const { repository, pack, found } = await filled(t);
  const path = repository.objectPath(testDomain, pack);
  const bytes = await readFile(path);
  bytes[200_000] = (bytes[200_000] ?? 0) ^ 1;
  await chmod(path, 0o644);
  await writeFile(path, bytes);
  assert.deepEqual(await found(), [`damaged ${at(pack)}`, `damaged ${at(pack, otherDomain)}`]);
});

test('what offers and lists of patches name and what is not there is found, also where it is shorter', async (t) => {
  const { repository, tree, pack, patch, found } = await filled(t);
  await rm(repository.objectPath(testDomain, pack));
  await truncate(repository.objectPath(testDomain, patch), 3);
  assert.deepEqual(await found(), [`missing ${at(pack)}`, `damaged ${at(patch)}`].sort(byPath));
  await writeFile(repository.filePath(`o/${testDomain}/offers/${tree}`), 'no offer');
  await writeFile(repository.filePath(patchListPath(testDomain, tree)), 'no list');
  assert.deepEqual(
    await found(),
    [
      `damaged o/${testDomain}/offers/${tree}`,
      `damaged o/${testDomain}/patches/${tree}`,
      `damaged ${at(patch)}`,
    ].sort(byPath),
  );
});

const byPath = (a: string, b: string): number =>
  (a.split(' ')[1] ?? '').localeCompare(b.split(' ')[1] ?? '', 'en');
