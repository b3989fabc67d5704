import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Digest, sha256 } from '@xylem/core';
import { putPatchList } from '../patch/list.ts';
import { patchBetween } from '../patch/testing.ts';
import { makeFixture, serveForTest, testDomain } from '../testing/fixture.ts';
import { type Contents, memoryFolder, noise } from '../testing/folder.ts';
import { readFolder } from '../testing/read-folder.ts';

/** Of the large file; more by hand. */
const mib = Number(process.env.XYLEM_FETCH_MIB ?? 48);
const program = join(import.meta.dirname, '../testing/fetch-main.ts');

/** A program and many small files, of which a part differs: every 64 KiB of the program, half of the small ones. */
function versionOf(version: number): Contents {
  const large = Buffer.from(noise('large', mib * 1024 * 1024));
  for (let at = 0; at < large.length; at += 65_536) large.writeUInt32LE(version * 7, at);
  const small = Array.from({ length: 4_000 }, (_, i) => {
    const kind = i % 2 === 0 ? `small ${i}` : `small ${i} of ${version}`;
    return [`many/${i % 40}/file-${i}`, noise(kind, 500 + (i % 3_000))] as const;
  });
  return { 'bin/large*': large, ...Object.fromEntries(small) };
}

interface Fetched {
  readonly addedRssMb: number;
  readonly patchedBytes: number;
  readonly fetchedBytes: number;
}

async function fetchedBy(t: TestContext, words: readonly string[]): Promise<Fetched> {
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    said = (said + more).slice(-4_096);
  });
  await once(child, 'close');
  return JSON.parse(/fetched (\{.*\})\n$/.exec(said)?.[1] ?? said) as Fetched;
}

test('a first install, an update by chunks and one by a patch take no more memory than is said', {
  timeout: 300_000,
}, async (t) => {
  const { base, repository, publish } = await makeFixture(t, memoryFolder);
  const old = await publish('old', versionOf(1));
  const next = await publish('next', versionOf(2));
  const server = await serveForTest(t, repository);
  // Of the 200 MB that an agent may take, and of the smaller of the old file and 128 MB, it has 83 before (plan.md).
  const mostMb = 200 - 83;
  const first = join(base, 'first');
  const install = await fetchedBy(t, [server.url, old.tree, first]);
  assert.ok(install.addedRssMb < mostMb, `${install.addedRssMb} MB`);

  const seeds = join(base, 'seeds');
  await cp(first, seeds, { recursive: true });
  await copyFile(`${first}.tree`, `${seeds}.tree`);
  const byChunks = await fetchedBy(t, [server.url, next.tree, join(base, 'by-chunks'), seeds]);
  assert.ok(byChunks.patchedBytes === 0 && byChunks.addedRssMb < mostMb, `${byChunks.addedRssMb} MB`);

  const patch = await patchBetween(old, next);
  const digest: Digest = sha256(patch);
  await repository.putObject(testDomain, digest, patch);
  const listed = [old.tree, digest, patch.length, mib * 2 ** 20, mib * 2 ** 20] as const;
  await putPatchList(repository, testDomain, next.tree, [listed]);
  const into = join(base, 'by-patch');
  const byPatch = await fetchedBy(t, [server.url, next.tree, into, seeds]);
  assert.ok(byPatch.patchedBytes > mib * 2 ** 20, JSON.stringify(byPatch));
  // The old side may be held as far as 128 MB.
  assert.ok(byPatch.addedRssMb < mostMb + Math.min(mib, 128), `${byPatch.addedRssMb} MB`);
  assert.deepEqual(await readFolder(into), await readFolder(next.folder));
  const shown = [install, byChunks, byPatch].map(({ addedRssMb }) => `${Math.round(addedRssMb)} MB`);
  t.diagnostic(`first install, by chunks, by a patch of ${patch.length} bytes: ${shown.join(', ')}`);
});
