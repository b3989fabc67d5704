import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jcs, jcsBytes } from './jcs.ts';
import { parseJson } from './json.ts';

test('golden values of RFC 8785', () => {
  // Section 3.2.2 and 3.2.3.
  const sample = {
    numbers: [333_333_333.333_333_3, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\u0022/",
    literals: [null, true, false],
  };
  assert.equal(
    jcs(sample),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
  const keys = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
  assert.equal(jcs(keys), '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
});

test('what is written reads back as the same, and once more as the same text', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
      const text = jcs(value);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.equal(jcs(JSON.parse(text)), text);
    }),
  );
});

test('what JSON cannot say is refused', () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  for (const value of [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '\ud800',
    { '\udfff': 1 },
    1n,
    () => 1,
    circle,
    [undefined],
  ]) {
    assert.throws(() => jcs(value), { code: 'E_DOCUMENT_INVALID' });
  }
  assert.equal(jcs({ a: undefined, b: 1 }), '{"b":1}');
});

test('parsing JSON is bounded in bytes and levels and takes only UTF-8', () => {
  const read = (input: Uint8Array | string, maxBytes = 1000): unknown =>
    parseJson(input, 'thing', { maxBytes });
  assert.deepEqual(read(jcsBytes({ a: '[[[[' })), { a: '[[[[' });
  assert.throws(() => read('[1]', 2), { code: 'E_TOO_LARGE', details: { sizeBytes: 3, maxBytes: 2 } });
  assert.throws(() => read(new Uint8Array([0x22, 0xff, 0x22])), {
    code: 'E_DOCUMENT_INVALID',
    message: /UTF-8/,
  });
  assert.throws(() => read('\ufeff{}'), { code: 'E_DOCUMENT_INVALID' });
  assert.throws(() => read(`${'['.repeat(65)}${']'.repeat(65)}`), { message: /deeper than 64/ });
  assert.deepEqual(read(`${'['.repeat(64)}${']'.repeat(64)}`)?.constructor, Array);
  assert.deepEqual(read(`"${'[\\"'.repeat(100)}"`), '["'.repeat(100));
});
