import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { limits } from '@xylem/core';
import { testClock } from '@xylem/testkit';
import { failover } from './failover.ts';
import type { ObjectSource } from './object-source.ts';
import { wholeFile, wholeWithinMs } from './whole-file.ts';

const found = (body: Readable) =>
  ({ status: 'found', body, totalBytes: undefined, etag: undefined }) as const;

test('a parent that gives a file byte by byte has as long as its size may take at 16 kB/s, and a minute; then another is asked', async () => {
  const clock = testClock();
  let given = 0;
  const slow: ObjectSource = {
    name: 'https://slow',
    get: async (_path, { signal } = {}) => {
      const trickle = async function* () {
        for (; ; given += 1000) {
          await clock.sleep(1000, signal);
          yield Buffer.alloc(1000);
        }
      };
      return found(Readable.from(trickle()));
    },
  };
  const good: ObjectSource = {
    name: 'https://good',
    get: async () => found(Readable.from([Buffer.from('it')])),
  };
  const faults: string[] = [];
  const sources = failover([slow, good], {
    clock,
    onFault: (source, { code, message }) => faults.push(`${source} ${code} ${message}`),
  });
  const path = 'r/x/metadata/7.snapshot.json';
  const { signal } = new AbortController();
  const asked = sources.attempt(path, (source) =>
    wholeFile(source, path, limits.metadata, { clock, signal }),
  );
  assert.equal(wholeWithinMs(limits.metadata), 60_000 + 2_097_152);
  await clock.advance(wholeWithinMs(limits.metadata) - 1);
  assert.deepEqual(faults, []);
  assert.ok(given > 2_000_000, 'never idle');
  await clock.advance(1);
  assert.equal(String(await asked), 'it');
  assert.deepEqual(faults, [
    'https://slow E_PARENT_STALE r/x/metadata/7.snapshot.json of https://slow was not whole after 2158 s.',
  ]);
  assert.equal(clock.sleepers(), 0, 'nothing of it is left behind');
});

test('whoever wants a file no more is not told that the parent is slow; one that is not there is no fault', async () => {
  const clock = testClock();
  const over = new AbortController();
  const silent: ObjectSource = {
    name: 'https://silent',
    get: (_path, { signal } = {}) => clock.sleep(3_600_000, signal).then(() => ({ status: 'missing' })),
  };
  const asked = wholeFile(silent, 'x', 1000, { clock, signal: over.signal });
  over.abort(new Error('no more'));
  await assert.rejects(asked, /no more/);
  const empty: ObjectSource = { name: 'https://empty', get: async () => ({ status: 'missing' }) };
  assert.equal(await wholeFile(empty, 'x', 1000, { clock }), null);
});
