import assert from 'node:assert/strict';
import { test } from 'node:test';
import { match, type Operation } from './match.ts';
import { moved, noise } from './testing.ts';

const operationsOf = (base: Buffer, next: Buffer): Operation[] => [...match(base, next)];

test('what is equal is one copy, what has nothing in common one insert, what is empty nothing', () => {
  const base = noise('base', 10_000);
  assert.deepEqual(operationsOf(base, base), [{ copyAt: 0, copyLength: 10_000, insertLength: 0 }]);
  assert.deepEqual(operationsOf(base, noise('other', 5_000)), [
    { copyAt: 0, copyLength: 0, insertLength: 5_000 },
  ]);
  assert.deepEqual(operationsOf(Buffer.alloc(0), base), [{ copyAt: 0, copyLength: 0, insertLength: 10_000 }]);
  assert.deepEqual(operationsOf(base, Buffer.alloc(0)), []);
});

test('parts that changed their places are copied from there, at whatever distance', () => {
  const base = noise('base', 30_000);
  const next = Buffer.concat([base.subarray(20_001), noise('new', 77), base.subarray(0, 20_001)]);
  assert.deepEqual(operationsOf(base, next), [
    { copyAt: 20_001, copyLength: 9_999, insertLength: 77 },
    { copyAt: 0, copyLength: 20_001, insertLength: 0 },
  ]);
});

test('a copy goes on over bytes that differ, as addresses do, and begins anew where something was put in', () => {
  const base = noise('code', 100_000);
  const next = Buffer.concat([
    moved(base.subarray(0, 50_000)),
    noise('new', 1_000),
    moved(base.subarray(50_000)),
  ]);
  const operations = operationsOf(base, next);
  assert.equal(operations.length, 2);
  const inserted = operations.reduce((sum, { insertLength }) => sum + insertLength, 0);
  assert.ok(Math.abs(inserted - 1_000) <= 8, `${inserted} bytes are inserted`);
});

test('of many places that are alike the nearest is taken', () => {
  const pattern = noise('pattern', 64);
  const base = Buffer.concat(
    Array.from({ length: 500 }, (_, i) => Buffer.concat([pattern, noise(`${i}`, 24)])),
  );
  const next = Buffer.concat([noise('new', 100), base]);
  const operations = operationsOf(base, next);
  const copied = operations.reduce((sum, { copyLength }) => sum + copyLength, 0);
  assert.ok(
    copied >= base.length - 8 && operations.length <= 3,
    `${copied} bytes in ${operations.length} copies`,
  );
});

test('long runs of one byte are found too', () => {
  const base = Buffer.concat([noise('a', 1_000), Buffer.alloc(200_000), noise('b', 1_000)]);
  const next = Buffer.concat([noise('c', 1_000), Buffer.alloc(300_000), noise('b', 1_000)]);
  const inserted = operationsOf(base, next).reduce((sum, { insertLength }) => sum + insertLength, 0);
  assert.ok(inserted <= 1_100, `${inserted} bytes are inserted`);
});
