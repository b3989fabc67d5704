import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HostId, jointOver, type Proofs, type ReportNumber, type Time } from '@xylem/core';
import { answerToReports, generateKey, type KeyPair, signWatermark } from '@xylem/trust';
import { readWatermark } from './watermark.ts';

const collector = generateKey();
const time = '2026-11-21T03:28:06Z' as Time;
const hostOf = (n: number): HostId => n.toString(16).padStart(32, '0') as HostId;
const numbers: readonly ReportNumber[] = Array.from({ length: 11 }, (_, n) => ({
  host: hostOf(n),
  incarnation: '0123456789abcdef',
  sequence: n + 1,
}));
const own = hostOf(6);
const asRead = { incarnation: '0123456789abcdef', sequence: 7 };

/** As a relay makes them of what was signed over these numbers. */
function proofsBy(key: KeyPair, ...of: readonly number[]): Proofs {
  const taken = numbers.map((number) => ({ ...number, held: number.sequence }));
  const { joint } = answerToReports(taken, { collector: key, time, readsProofs: true });
  assert.ok(joint !== undefined);
  const { proof } = jointOver(numbers);
  return { format: 'xylem-proofs-1', signed: joint.signed, proofs: of.map(proof) };
}

const read = (document: object | Uint8Array) => readWatermark(document, own, collector.public);

test('a host reads its watermark by itself, by its proof, and among others', async () => {
  const single = signWatermark(numbers[6] as ReportNumber, { collector, time });
  const documents = [single, proofsBy(collector, 6), proofsBy(collector, 1, 6, 9)];
  for (const document of [...documents, ...documents.map((one) => Buffer.from(JSON.stringify(one)))]) {
    const { host, incarnation, sequence } = await read(document);
    assert.deepEqual({ host, incarnation, sequence }, { host: own, ...asRead });
  }
});

test('what does not lead from this host to what the collector signed is refused', async () => {
  const good = proofsBy(collector, 6);
  const [proof] = good.proofs;
  assert.ok(proof !== undefined);
  const path = Buffer.from(proof.path, 'base64url');
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  const changed = (change: object): object => ({ ...good, proofs: [{ ...proof, ...change }] });
  const otherLeaf = proofsBy(collector, 7).proofs[0];
  const invalid: Readonly<Record<string, object>> = {
    'another host': proofsBy(collector, 7),
    'the leaf of another host under its own name': changed({ ...otherLeaf, host: own }),
    'a higher number': changed({ sequence: 8 }),
    'another incarnation': changed({ incarnation: 'f'.repeat(16) }),
    'a false path': changed({ path: text(path.map((byte, at) => (at === 40 ? byte ^ 1 : byte))) }),
    'a step too many': changed({ path: text(Buffer.concat([path, Buffer.alloc(32)])) }),
    'a step too few': changed({ path: text(path.subarray(0, -32)) }),
    'no step': changed({ path: '' }),
    'more steps than any tree has': changed({ path: text(Buffer.alloc(32 * 18)) }),
    'a place beyond the tree': changed({ index: 11 }),
    'no proof': { ...good, proofs: [] },
    'proofs of another format': { ...good, format: 'xylem-proof-1' },
    'a single watermark of another host': signWatermark(numbers[7] as ReportNumber, { collector, time }),
    'no JSON': Buffer.from('{'),
    'a text': Buffer.from('"proofs"'),
  };
  const forged: Readonly<Record<string, object>> = {
    'a tree that somebody else signed': proofsBy(generateKey(), 6),
    'a tree that nobody signed': {
      ...good,
      signed: { ...good.signed, signatures: [{ sig: Buffer.alloc(64).toString('base64') }] },
    },
    'a single watermark in the place of a tree': {
      ...good,
      signed: signWatermark(numbers[6] as ReportNumber, { collector, time }),
    },
    'a joint watermark in the place of a single one': good.signed,
  };
  for (const [what, document] of Object.entries(invalid))
    await assert.rejects(read(document), { code: 'E_REPORT_INVALID' }, what);
  for (const [what, document] of Object.entries(forged))
    await assert.rejects(read(document), { code: 'E_ENVELOPE_INVALID' }, what);
});
