import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { limits } from '../limits.ts';
import { encodeProofs } from '../wire/index.ts';
import { digestAbove } from './hash-tree.ts';
import { exceptionsOf, heldOf, isProven, jointOver, numbersOf, type ReportNumber } from './joint.ts';

const hex = (digits: number) =>
  fc
    .uint8Array({ minLength: digits / 2, maxLength: digits / 2 })
    .map((bytes) => Buffer.from(bytes).toString('hex'));
const number = fc.record({
  host: hex(32),
  incarnation: hex(16),
  sequence: fc.maxSafeNat(),
}) as unknown as fc.Arbitrary<ReportNumber>;
const numbers = fc.uniqueArray(number, { minLength: 1, maxLength: 70, selector: ({ host }) => host });

/** A batch and a place in it. */
const placed = numbers.chain((all) => fc.tuple(fc.constant(all), fc.nat({ max: all.length - 1 })));

/** The tree as RFC 9162, 2.1.1 puts it, written anew from the specification's text. */
function digestByDefinition(all: readonly ReportNumber[]): Buffer {
  const sha = (...parts: readonly Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  const [only] = all;
  if (all.length === 1 && only !== undefined) {
    const sequence = Buffer.from(only.sequence.toString(16).padStart(16, '0'), 'hex');
    const [host, incarnation] = [Buffer.from(only.host, 'hex'), Buffer.from(only.incarnation, 'hex')];
    return sha(Buffer.from('xylem-watermark-leaf-1\0'), host, incarnation, sequence);
  }
  let split = 1;
  while (split * 2 < all.length) split *= 2;
  const [left, right] = [all.slice(0, split), all.slice(split)].map(digestByDefinition);
  return sha(Buffer.from('xylem-watermark-node-1\0'), left as Buffer, right as Buffer);
}

test('the digest is that of the definition, and each leaf is proven in its place', () => {
  fc.assert(
    fc.property(numbers, (all) => {
      const joint = jointOver(all);
      assert.deepEqual(joint.signed, { count: all.length, digest: digestByDefinition(all).toString('hex') });
      for (const [index, one] of all.entries()) {
        const proof = joint.proof(index);
        assert.deepEqual({ ...proof, path: '' }, { ...one, index, path: '' });
        assert.ok(isProven(joint.signed, proof));
      }
    }),
    { numRuns: 60 },
  );
});

test('no proof proves another host, number, place, count or path', () => {
  fc.assert(
    fc.property(placed, number, fc.nat(), fc.nat(), ([all, index], other, noise, bit) => {
      const { signed, proof: proofOf } = jointOver(all);
      const proof = proofOf(index);
      const refused = (changed: object, of = signed): void =>
        assert.ok(!isProven(of, { ...proof, ...changed }), JSON.stringify(changed));
      if (other.host !== proof.host) refused({ host: other.host });
      if (other.incarnation !== proof.incarnation) refused({ incarnation: other.incarnation });
      refused({ sequence: proof.sequence === 0 ? 1 : proof.sequence - 1 });
      refused({ sequence: proof.sequence === Number.MAX_SAFE_INTEGER ? 0 : proof.sequence + 1 });
      refused({ index: all.length + (noise % 1_000) });
      const elsewhere = noise % all.length;
      if (elsewhere !== index) {
        refused({ ...all[elsewhere] });
        refused({ index: elsewhere });
      }
      const path = Buffer.from(proof.path, 'base64url');
      refused({ path: Buffer.concat([path, Buffer.alloc(32, noise)]).toString('base64url') });
      refused({ path: Buffer.concat([Buffer.alloc(32, noise), path]).toString('base64url') });
      refused({}, { ...signed, digest: digestByDefinition([...all, other]).toString('hex') as never });
      if (path.length === 0) return;
      refused({ path: path.subarray(32).toString('base64url') });
      refused({ path: path.subarray(0, -1).toString('base64url') });
      const at = bit % (path.length * 8);
      path[at >> 3] = (path[at >> 3] ?? 0) ^ (1 << (at & 7));
      refused({ path: path.toString('base64url') });
    }),
    { numRuns: 200 },
  );
});

test('a node does not pass for a leaf, nor a subtree for the tree', () => {
  const all = Array.from({ length: 4 }, (_, n) => numberOf(n));
  const [whole, half] = [jointOver(all), jointOver(all.slice(0, 2))];
  const proof = whole.proof(0);
  const inner = Buffer.from(half.signed.digest, 'hex');
  const rest = Buffer.from(proof.path, 'base64url').subarray(32);
  // By hashes alone it leads to the digest; no host, incarnation and sequence have that hash as their leaf's.
  assert.equal(
    Buffer.from(digestAbove(inner, { index: 0, count: 2, path: rest }) ?? []).toString('hex'),
    whole.signed.digest,
  );
  assert.equal(digestAbove(inner, { index: 0, count: 4, path: rest }), null);
  assert.equal(isProven(half.signed, proof), false);
  assert.equal(isProven(whole.signed, half.proof(0)), false);
});

test('who sent the reports knows by the answer what each leaf says', () => {
  const said = fc.oneof(fc.constant(null), fc.constant('as sent' as const), fc.maxSafeNat());
  fc.assert(
    fc.property(fc.array(fc.tuple(number, said)), (all) => {
      const reports = all.map(([one, held]) =>
        held === null ? null : { ...one, held: held === 'as sent' ? one.sequence : held },
      );
      const sent = all.map(([one]) => one);
      assert.deepEqual(numbersOf(sent, exceptionsOf(reports)), heldOf(reports));
    }),
    { numRuns: 60 },
  );
  const reports = [null, { ...numberOf(5), held: 5 }, { ...numberOf(6), held: 9 }];
  assert.deepEqual(exceptionsOf(reports), { leftOut: [0], higher: [{ report: 2, sequence: 9 }] });
  assert.deepEqual(
    heldOf(reports).map(({ sequence }) => sequence),
    [5, 9],
  );
  // What a parent makes up leads nowhere, and breaks nothing.
  const madeUp = { leftOut: [7, 7, 99_999], higher: [{ report: 50_000, sequence: 1 }] };
  assert.deepEqual(numbersOf([numberOf(1)], madeUp), [numberOf(1)]);
});

test('the largest batch has proofs of 17 steps, which the format takes, and no longer ones', () => {
  const leaf = Buffer.alloc(32, 1);
  const leads = (steps: number): boolean =>
    digestAbove(leaf, { index: 0, count: limits.jointHosts, path: Buffer.alloc(steps * 32) }) !== null;
  assert.deepEqual([16, 17, 18].map(leads), [false, true, false]);
  const signed = { payload: '', payloadType: 'x', signatures: [{ sig: '' }] };
  const encoded = (steps: number) => {
    const path = Buffer.alloc(steps * 32).toString('base64url');
    return encodeProofs({
      format: 'xylem-proofs-1',
      signed,
      proofs: [{ ...numberOf(1), index: 0, path }],
    });
  };
  assert.ok(encoded(17).length < 1_100);
  assert.throws(() => encoded(18), { code: 'E_REPORT_INVALID' });
});

function numberOf(n: number): ReportNumber {
  const host = n.toString(16).padStart(32, '0') as ReportNumber['host'];
  return { host, incarnation: '0123456789abcdef', sequence: n };
}
