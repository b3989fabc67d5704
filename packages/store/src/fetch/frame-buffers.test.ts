import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withFrameBuffer } from './frame-buffers.ts';

const long = 1024 * 1024;
const most = 16;

interface Lent {
  readonly buffers: Buffer[];
  readonly uses: Promise<void>[];
  end(): void;
}

/** So many uses that go on until they are told to end. */
function lend(count: number, signal?: AbortSignal): Lent {
  const gate = Promise.withResolvers<void>();
  const buffers: Buffer[] = [];
  const uses = Array.from({ length: count }, () =>
    withFrameBuffer(long, signal, async (buffer) => {
      buffers.push(buffer);
      await gate.promise;
    }),
  );
  return { buffers, uses, end: gate.resolve };
}

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('however many want room for a long frame, a bounded number has it, and the others get it in turn', async () => {
  const first = lend(most + 5);
  await turns();
  assert.equal(first.buffers.length, most);
  first.end();
  await Promise.all(first.uses);
  assert.equal(first.buffers.length, most + 5);
  assert.equal(new Set(first.buffers).size, most, 'room is lent again');
  const second = lend(most);
  await turns();
  assert.equal(second.buffers.length, most, 'all turns were given back');
  second.end();
  await Promise.all(second.uses);
});

test('who waits and is interrupted leaves the line, and takes no turn from others', async () => {
  const holding = lend(most);
  const stop = new AbortController();
  const leaving = lend(2, stop.signal);
  const staying = lend(1);
  await turns();
  stop.abort(new Error('stop'));
  for (const use of leaving.uses) await assert.rejects(use, /stop/);
  holding.end();
  staying.end();
  await Promise.all([...holding.uses, ...staying.uses]);
  assert.equal(staying.buffers.length, 1);
  assert.equal(leaving.buffers.length, 0);
});

test('room whose use failed is not lent again, its turn is', async () => {
  let failed: Buffer | undefined;
  const holding = lend(most - 1);
  await assert.rejects(
    withFrameBuffer(long, undefined, (buffer) => {
      failed = buffer;
      return Promise.reject(new Error('broken off'));
    }),
    /broken off/,
  );
  const next = lend(1);
  await turns();
  assert.equal(next.buffers.length, 1);
  assert.notEqual(next.buffers[0], failed);
  holding.end();
  next.end();
  await Promise.all([...holding.uses, ...next.uses]);
});
