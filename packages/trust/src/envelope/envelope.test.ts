import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { generateKey, hostIdOf } from '../keys/key-pair.ts';
import { openEnvelope, parseEnvelope, preAuthEncoding, signEnvelope } from './envelope.ts';

const type = 'application/vnd.xylem.report+json';
const key = generateKey();
const keyOf = (id: string): Uint8Array | null => (id === hostIdOf(key.public) ? key.public : null);

test('the pre-authentication encoding is that of the DSSE specification', () => {
  const encoded = preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world'));
  assert.equal(encoded.toString(), 'DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  assert.equal(preAuthEncoding('ü', Buffer.from('é')).toString(), 'DSSEv1 2 ü 2 é');
});

test('what is signed is opened, as bytes and as a parsed value', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (payload) => {
      const bytes = signEnvelope(type, payload, key);
      for (const input of [bytes, JSON.parse(Buffer.from(bytes).toString()) as object]) {
        const opened = await openEnvelope(input, type, keyOf);
        assert.deepEqual(opened, { payload, keyId: hostIdOf(key.public) });
      }
    }),
    { numRuns: 50 },
  );
});

test('another type, key, payload or signature is refused', async () => {
  const bytes = signEnvelope(type, Buffer.from('{}'), key);
  const code = 'E_ENVELOPE_INVALID';
  await assert.rejects(openEnvelope(bytes, 'application/vnd.xylem.watermark+json', keyOf), { code });
  await assert.rejects(
    openEnvelope(bytes, type, () => null),
    { code },
  );
  await assert.rejects(
    openEnvelope(bytes, type, () => generateKey().public),
    { code },
  );
  const value = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;
  for (const change of [
    { payload: Buffer.from('[]').toString('base64') },
    { payload: '-_-_' },
    { payload: 'abc' },
    { payloadType: `${type}x` },
    { signatures: [] },
    { signatures: [null] },
    { signatures: Array.from({ length: 9 }, () => (value.signatures as unknown[])[0]) },
    { signatures: [{ keyid: hostIdOf(key.public), sig: Buffer.alloc(64).toString('base64') }] },
  ]) {
    await assert.rejects(
      openEnvelope({ ...value, ...change }, type, keyOf),
      { code },
      JSON.stringify(change),
    );
  }
});

test('an oversized payload is refused before it is decoded', () => {
  const code = 'E_ENVELOPE_INVALID';
  const bytes = signEnvelope(type, Buffer.alloc(2000), key);
  assert.throws(() => parseEnvelope(bytes, 1000), { code });
  assert.throws(() => parseEnvelope(JSON.parse(Buffer.from(bytes).toString()) as object, 1000), { code });
  assert.equal(parseEnvelope(bytes, 2000).payload.length, 2000);
});

test('hostile bytes are refused with a code, never another error', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      async (bytes) => {
        await assert.rejects(openEnvelope(bytes, type, keyOf), {
          name: 'XylemError',
          code: 'E_ENVELOPE_INVALID',
        });
      },
    ),
  );
});
