import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import {
  encodeProofs,
  encodeTaken,
  type HostId,
  isProven,
  jointOver,
  numbersOf,
  sha256,
  type Time,
} from '@xylem/core';
import { generateKey } from '../keys/key-pair.ts';
import { openJointWatermark, openWatermark } from './open.ts';
import { answerToReports } from './sign.ts';

const time = '2026-11-21T03:28:06Z' as Time;
const collector = generateKey();
const reports = Array.from({ length: 1_000 }, (_, n) => ({
  host: sha256(`host ${n}`).slice(0, 32) as HostId,
  incarnation: sha256(`incarnation ${n}`).slice(0, 16),
  sequence: 1_000 + n,
  held: 1_000 + n,
}));

test('a thousand reports are answered with a byte for each host, and handed on with at most what single ones take', async () => {
  const how = { collector, time };
  const answer = answerToReports(reports, { ...how, readsProofs: true });
  assert.ok(answer.joint !== undefined);
  const sizeBytes = encodeTaken(answer).length;
  assert.ok(sizeBytes <= reports.length, `${sizeBytes} bytes for ${reports.length} hosts`);

  // What a relay makes of it for each host, and for a relay below with all of them.
  const joint = await openJointWatermark(answer.joint.signed, [generateKey().public, collector.public]);
  const { proof } = jointOver(numbersOf(reports, answer.joint));
  const proofs = reports.map((_, index) => proof(index));
  assert.ok(proofs.every((one) => isProven(joint, one)));
  const document = { format: 'xylem-proofs-1', signed: answer.joint.signed } as const;
  const single = answerToReports(reports, { ...how, readsProofs: false });
  const singleBytes = zstdCompressSync(encodeTaken(single)).length;
  assert.ok(zstdCompressSync(encodeProofs({ ...document, proofs })).length < singleBytes);
  assert.ok(encodeProofs({ ...document, proofs: proofs.slice(0, 1) }).length <= 1_100);
  const last = single.watermarks.at(-1) ?? {};
  assert.equal((await openWatermark(last, [collector.public])).sequence, reports.at(-1)?.sequence);
});

test('one report has a single watermark, two of one incarnation the newest, and none that was refused any', async () => {
  const [first, second] = reports;
  assert.ok(first !== undefined && second !== undefined);
  for (const readsProofs of [true, false]) {
    const how = { collector, time, readsProofs };
    assert.deepEqual(answerToReports([null, null], how).watermarks, []);
    const { watermarks, joint } = answerToReports([null, { ...first, held: 9_999 }], how);
    assert.equal(joint, undefined);
    assert.equal((await openWatermark(watermarks[0] ?? {}, [collector.public])).sequence, 9_999);
  }
  const twice = [{ ...first, sequence: 1, held: 2 }, { ...first, sequence: 2, held: 2 }, second];
  const how = { collector, time };
  assert.equal(answerToReports(twice, { ...how, readsProofs: false }).watermarks.length, 2);
  assert.equal(answerToReports(twice, { ...how, readsProofs: true }).joint?.higher.length, 1);
});

test('who knows no collector believes nobody', async () => {
  const code = 'E_ENVELOPE_INVALID';
  const { joint } = answerToReports(reports.slice(0, 2), { collector, time, readsProofs: true });
  await assert.rejects(openJointWatermark(joint?.signed ?? {}, []), { code });
  await assert.rejects(openJointWatermark(joint?.signed ?? {}, [generateKey().public]), { code });
});
