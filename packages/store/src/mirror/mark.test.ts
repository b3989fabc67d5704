import assert from 'node:assert/strict';
import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sha256 } from '@xylem/core';
import { openRepository } from '../repository/disk-repository.ts';
import type { Refused } from '../source/refused.ts';
import { repositorySource } from '../source/repository-source.ts';
import { breaking } from '../testing/breaking.ts';
import { makeFixture, testDomain } from '../testing/fixture.ts';
import { memoryFolder, noise, temporaryFolder } from '../testing/folder.ts';
import { MarkFile } from './mark.ts';
import { createMirror } from './mirror.ts';
import { partialFile } from './partial.ts';

const sizeBytes = 600_000;
const isCut = { code: 'E_PARENT_STALE' };
const noEnd = Number.POSITIVE_INFINITY;

async function aPack(t: TestContext) {
  const { repository } = await makeFixture(t, memoryFolder);
  const bytes = noise('mark', sizeBytes);
  const digest = sha256(bytes);
  await repository.putObject(testDomain, digest, bytes);
  const copy = await openRepository(join(await temporaryFolder(t, memoryFolder), 'copy'));
  return { whole: repositorySource(repository), bytes, digest, copy, partial: partialFile(copy, digest) };
}

test('a relay that is cut off after each few KiB, and begins anew each time, takes each byte once', async (t) => {
  const { whole, bytes, digest, copy } = await aPack(t);
  const given = { bytes: 0 };
  const source = breaking(whole, digest, 7_000, given);
  const lives = Math.ceil(sizeBytes / 7_000);
  for (let life = 1; life < lives; life += 1)
    await assert.rejects(createMirror(copy).object(testDomain, digest, { source }), isCut);
  await createMirror(copy).object(testDomain, digest, { source });
  assert.deepEqual(await copy.readObject(testDomain, digest), bytes);
  assert.equal(given.bytes, sizeBytes);
  assert.deepEqual(await readdir(copy.workFolder), []);
});

test('of what a relay had, only what lies behind its mark is fetched again where it is damaged', async (t) => {
  const { whole, bytes, digest, copy, partial } = await aPack(t);
  for (const [damagedAt, again] of [
    [350_000, 100_000],
    [250_000, 400_000 + sizeBytes],
  ] as const) {
    const given = { bytes: 0 };
    const refused: Refused[] = [];
    await writeFile(partial, bytes.subarray(0, 400_000));
    const file = await open(partial, 'r+');
    await new MarkFile(partial, undefined).make(file, {
      end: 300_000,
      digest: sha256(bytes.subarray(0, 300_000)),
    });
    await file.write(Buffer.from([bytes[damagedAt]! ^ 1]), 0, 1, damagedAt);
    await file.close();
    const source = breaking(whole, digest, noEnd, given);
    await createMirror(copy).object(testDomain, digest, { source, onRefused: (one) => refused.push(one) });
    assert.deepEqual(await copy.readObject(testDomain, digest), bytes);
    assert.deepEqual(refused, []);
    const most = sizeBytes - 400_000 + again;
    assert.ok(given.bytes <= most && given.bytes >= sizeBytes - 300_000, `${given.bytes} of ${most}`);
    await copy.removeObject(testDomain, digest);
  }
});

test('a mark is made of what comes slowly and takes longer than a second, and a torn one is none', async (t) => {
  const { partial } = await aPack(t);
  let nowMs = 0;
  const marks = new MarkFile(partial, { monotonicMs: () => nowMs });
  const file = await open(partial, 'w');
  t.after(() => file.close());
  const digest = (): string => 'a'.repeat(64);
  for (nowMs of [0, 500, 999]) await marks.soon(file, nowMs, digest);
  assert.equal(await marks.read(), null);
  nowMs = 1_000;
  await marks.soon(file, 1_234, digest);
  assert.deepEqual(await marks.read(), { end: 1_234, digest: digest() });
  nowMs = 2_000;
  await marks.soon(file, 3_000_000, digest);
  assert.equal((await marks.read())?.end, 1_234, 'what comes quickly waits for no disk');
  await writeFile(`${partial}.mark`, (await readFile(`${partial}.mark`)).subarray(0, 70));
  assert.equal(await marks.read(), null);
});
