import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256 } from '@xylem/core';
import { silentLog } from '@xylem/platform';
import { tempFolder } from '@xylem/testkit';
import { cameBy, transferFile } from './record.ts';

const tree = sha256('to');
const from = sha256('from');
const took = {
  files: 1,
  sizeBytes: 9_000,
  fetchedBytes: 700,
  requests: 2,
  seededBytes: 0,
  patchedBytes: 9_000,
};
const patch = { kind: 'patch', from, bytes: 600, seconds: null };
const chunks = { kind: 'chunks', from, bytes: 8_000, seconds: null };

/** As an agent wrote it, of today or of before. */
async function readBack(t: Parameters<typeof tempFolder>[0], choice: unknown, patchedBytes = 9_000) {
  const path = join(await tempFolder(t), 'transfer.json');
  const record = { tree, time: '2026-11-24T00:00:00Z', seconds: 1, bytesPerSecond: null, choice };
  const document = { format: 'xylem-transfer-1', ...record, took: { ...took, patchedBytes } };
  await writeFile(path, JSON.stringify(document));
  return await transferFile(path, silentLog).read();
}

test('a record of before is read, and what it says of a patch counts', async (t) => {
  const read = await readBack(t, { kind: 'patch', why: 'fewest bytes', roads: [patch, chunks] });
  assert.deepEqual(read?.choice?.roads, [patch, chunks]);
  assert.deepEqual(cameBy(read, tree), { from, bytes: 700 });
  assert.equal((await readBack(t, null, 0))?.choice, null);
});

test('a tree did not come by a patch that led nowhere', async (t) => {
  const nowhere = { code: 'E_PATCH_INVALID', message: 'The patch ends too early.' };
  const choice = { kind: 'chunks', why: 'the patch led nowhere', roads: [{ ...patch, nowhere }, chunks] };
  const read = await readBack(t, choice, 0);
  assert.deepEqual(read?.choice?.roads[0]?.nowhere, nowhere);
  assert.equal(cameBy(read, tree), null);
});
