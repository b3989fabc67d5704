import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes, sha256 } from '@xylem/core';
import { transferText } from './transfer-text.ts';

type Transfer = NonNullable<Parameters<typeof transferText>[0]>;

const from = sha256('from');
const patch = { kind: 'patch', from, bytes: 2_206_112, requests: 1, seconds: 1.234 } as const;
const chunks = { kind: 'chunks', from, bytes: 40_000_000, seconds: 20.04 } as const;
const took = {
  files: 9,
  sizeBytes: 188_000_000,
  fetchedBytes: 2_206_700,
  requests: 2,
  seededBytes: 60_000_000,
  resumedBytes: 0,
  patchedBytes: 128_000_000,
  linkedFiles: 8,
};
const transfer: Transfer = {
  tree: sha256('to'),
  time: '2026-11-24T00:00:00Z',
  seconds: 3.21,
  bytesPerSecond: 2_000_000,
  choice: { kind: 'patch', why: 'fewest bytes', roads: [patch, chunks] },
  took,
} as Transfer;

test('the road that was taken is said beside those that were not', () => {
  assert.deepEqual(transferText(transfer), [
    '  its tree of 188.0 MB came by 2.2 MB in 2 requests and 3.2 s; 60.0 MB kept from what was here; 128.0 MB made by a patch (2026-11-24T00:00:00Z)',
    '  what parents gave before: 2.0 MB a second',
    `  by patch from the tree ${from.slice(0, 12)}: 2.2 MB in 1 request, about 1.2 s (taken: fewest bytes)`,
    '  by chunks: 40.0 MB, about 20.0 s',
  ]);
  assert.deepEqual(transferText(null), ['  how its tree came was not noted']);
});

test('a patch that led nowhere is said with its fault and what to do about it', () => {
  const nowhere = { code: 'E_PATCH_INVALID', message: 'The patch ends too early.' } as const;
  const lines = transferText({
    ...transfer,
    choice: { kind: 'chunks', why: 'the patch led nowhere', roads: [{ ...patch, nowhere }, chunks] },
    took: { ...took, patchedBytes: 0 },
  });
  assert.deepEqual(lines.slice(2), [
    `  by patch from the tree ${from.slice(0, 12)}: 2.2 MB in 1 request, about 1.2 s (tried first, in vain)`,
    '    ! The patch ends too early. (E_PATCH_INVALID)',
    `      ${errorCodes.E_PATCH_INVALID.advice}`,
    '  by chunks: 40.0 MB, about 20.0 s (taken: the patch led nowhere)',
  ]);
});

test('without a patch chunks are said beside the whole tree, and what older agents noted can be read', () => {
  const roads = [
    { ...chunks, from: null, requests: 3 },
    { kind: 'whole', from: null, bytes: 60_000_000, requests: 2, seconds: 30.6 },
  ] as const;
  const plain = { ...took, patchedBytes: 0 };
  const why = 'no patch from a tree that was here';
  const said = (choice: Transfer['choice'], requests = 2): string[] =>
    transferText({ ...transfer, choice, took: { ...plain, requests } }).slice(2);
  assert.deepEqual(said({ kind: 'chunks', why, roads }), [
    '  by chunks: 40.0 MB in 3 requests, about 20.0 s (taken: no patch from a tree that was here)',
    '  whole: 60.0 MB in 2 requests, about 30.6 s',
  ]);
  assert.deepEqual(said(null), ['  by chunks: no patch was weighed']);
  assert.deepEqual(said(null, 0), ['  nothing had to be fetched']);
});
