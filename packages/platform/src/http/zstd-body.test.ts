import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { packAnswer, packBody, unpackBody } from './zstd-body.ts';

const large = Buffer.alloc(100_000, 'reports ');
const rules = { maxBytes: large.length, what: 'The batch', code: 'E_REPORT_INVALID' } as const;

test('what is large travels packed, to who says that it reads that, and comes out as it went in', async () => {
  for (const { body, headers } of [await packBody(large), await packAnswer(large, 'gzip, zstd')]) {
    assert.deepEqual(headers, { 'content-encoding': 'zstd' });
    assert.ok(body.length < 1_000);
    assert.deepEqual(await unpackBody(Buffer.from(body), headers['content-encoding'], rules), large);
  }
  const small = large.subarray(0, 4_095);
  const plain = [await packBody(small), await packAnswer(large, undefined), await packAnswer(large, 'gzip')];
  for (const { body, headers } of plain) {
    assert.deepEqual(headers, {});
    assert.deepEqual(await unpackBody(Buffer.from(body), undefined, rules), body);
  }
});

test('a body that would be larger than it may be, is broken or packed otherwise is refused', async () => {
  const packed = zstdCompressSync(large);
  const unpack = (body: Buffer, encoding: string, maxBytes = rules.maxBytes): Promise<Buffer> =>
    unpackBody(body, encoding, { ...rules, maxBytes });
  await assert.rejects(unpack(packed, 'zstd', large.length - 1), { code: 'E_TOO_LARGE' });
  await assert.rejects(unpack(packed.subarray(0, -4), 'zstd'), { code: 'E_REPORT_INVALID' });
  await assert.rejects(unpack(large, 'zstd'), { code: 'E_REPORT_INVALID' });
  await assert.rejects(unpack(packed, 'gzip'), { code: 'E_REPORT_INVALID' });
});
