import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Digest } from '@xylem/core';
import { noise } from '../testing/folder.ts';
import { ChunkWindow } from './chunk-window.ts';

test('memory is bounded however slow and unevenly the sink answers', async () => {
  const chunk = noise('window', 256 * 1024);
  let asked = 0;
  const taken: Digest[] = [];
  const sink = {
    knownChunks: async (digests: readonly Digest[]) => {
      asked += 1;
      for (let i = 0; i < (asked % 4) * 5; i += 1) await turn();
      return new Set(asked % 3 === 0 ? digests : []);
    },
  };
  const buffers = new Set<ArrayBufferLike>();
  const writer = {
    add: async (digest: Digest, bytes: Uint8Array) => {
      buffers.add(bytes.buffer);
      taken.push(digest);
      if (taken.length % 7 === 0) await turn();
    },
  };
  const window = new ChunkWindow(sink, writer);
  const added: Digest[] = [];
  for (let i = 0; i < 1600; i += 1) {
    chunk.writeUInt32LE(i, 0);
    added.push(await window.add(chunk));
    // Some of the time the reader is the slower one.
    if (i % 200 > 150) await turn();
  }
  await window.end();
  assert.ok(buffers.size <= 3, `${buffers.size} buffers`);
  assert.equal(window.newChunks, taken.length);
  assert.deepEqual(
    taken,
    added.filter((digest) => new Set(taken).has(digest)),
  );
  assert.ok(taken.length > 900 && taken.length < 1200);
});
