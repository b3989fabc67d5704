import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeTaken, isProven, type Proofs, parseTaken, type Taken, type Time } from '@xylem/core';
import { silentLog, systemClock } from '@xylem/platform';
import { type Cleanup, tempFolder } from '@xylem/testkit';
import { answerToReports, generateKey, type KeyPair, openJointWatermark } from '@xylem/trust';
import { spooledReport } from '../testing/reports.ts';
import type { SpooledReport } from './fold.ts';
import { Spool } from './spool.ts';

const collector = generateKey();
const time = '2026-11-21T03:28:06Z' as Time;

const openAt = (folder: string, by: KeyPair = collector): Promise<Spool> =>
  Spool.open({ folder, log: silentLog, clock: systemClock, collectorKeys: () => [by.public] });

/** As the root server answers, over the wire. */
function answerTo(
  reports: readonly SpooledReport[],
  {
    without = [] as readonly number[],
    higher = {} as Readonly<Record<number, number>>,
    readsProofs = true,
  } = {},
): Taken {
  const taken = reports.map((report, at) =>
    without.includes(at) ? null : { ...report, held: higher[at] ?? report.sequence },
  );
  return parseTaken(encodeTaken(answerToReports(taken, { collector, time, readsProofs })));
}

const batch = (count: number, sequence = 1) =>
  Array.from({ length: count }, (_, n) => spooledReport(n, sequence));

/** What one host finds in these, as it verifies it. */
async function provenSequence(proofs: readonly Proofs[], host: string): Promise<number | null> {
  for (const { signed, proofs: some } of proofs) {
    const joint = await openJointWatermark(signed, [collector.public]);
    const own = some.find((proof) => proof.host === host && isProven(joint, proof));
    if (own !== undefined) return own.sequence;
  }
  return null;
}

async function opened(t: Cleanup): Promise<{ spool: Spool; folder: string }> {
  const folder = await tempFolder(t, 'spool');
  return { spool: await openAt(folder), folder };
}

test('one signature answers a batch: each host gets its proof, also after a restart', async (t) => {
  const { spool, folder } = await opened(t);
  const reports = batch(300);
  await spool.take(reports);
  await spool.takeAnswer(answerTo(reports, { without: [7], higher: { 9: 12 } }), reports);
  assert.deepEqual(
    spool.waiting().map(({ host }) => host),
    [reports[7]?.host],
    'what was not taken goes up again',
  );
  await spool.close();
  const again = await openAt(folder);
  for (const one of [spool, again]) {
    for (const [at, { host }] of reports.entries()) {
      const { watermarks, proofs = [] } = one.watermarks([host], true);
      assert.deepEqual(watermarks, []);
      assert.equal(await provenSequence(proofs, host), at === 7 ? null : at === 9 ? 12 : 1);
    }
  }
  const all = again.watermarks(
    reports.map(({ host }) => host),
    true,
  );
  assert.equal(all.proofs?.length, 1, 'the joint watermark is there once');
  assert.equal(all.proofs?.[0]?.proofs.length, 299);
  await again.close();
});

test('a relay below gets proofs that it hands on, and a false one spoils no other', async (t) => {
  const [upper, lower] = [await opened(t), await opened(t)];
  const reports = batch(20);
  await upper.spool.take(reports);
  await upper.spool.takeAnswer(answerTo(reports), reports);
  const [below, others] = [reports.slice(5, 9), reports.slice(9)];
  await lower.spool.take([...below, ...others]);
  const hosts = below.map(({ host }) => host);
  const given = parseTaken(encodeTaken(upper.spool.watermarks(hosts, true)));
  const [first, second] = given.proofs?.[0]?.proofs ?? [];
  const lie = [
    { ...first, host: others[0]?.host },
    { ...second, sequence: 2 },
  ] as Proofs['proofs'];
  const lied = given.proofs?.map((one) => ({ ...one, proofs: [...lie, ...one.proofs] })) ?? [];
  await lower.spool.takeAnswer({ ...given, proofs: lied }, below);
  assert.equal(lower.spool.size, others.length);
  for (const host of hosts)
    assert.equal(await provenSequence(lower.spool.watermarks([host], true).proofs ?? [], host), 1);
  await Promise.all([upper.spool.close(), lower.spool.close()]);
});

test('what the root server did not sign of just these reports is no answer', async (t) => {
  const { spool } = await opened(t);
  const reports = batch(5);
  const good = answerTo(reports);
  const { joint } = good;
  assert.ok(joint !== undefined);
  const impostor = generateKey();
  const taken = reports.map((report) => ({ ...report, held: 1 }));
  const unsigned = { ...joint.signed, signatures: [{ sig: Buffer.alloc(64).toString('base64') }] };
  const lies: readonly Taken[] = [
    answerTo(batch(6)),
    answerTo(batch(5, 2)),
    answerTo([...reports].reverse()),
    answerToReports(taken, { collector: impostor, time, readsProofs: true }),
    { ...good, joint: { ...joint, signed: unsigned } },
    { ...good, joint: { ...joint, leftOut: [0] } },
    { ...good, joint: { ...joint, higher: [{ report: 2, sequence: 3 }] } },
    { ...good, joint: { ...joint, leftOut: [0, 1, 2, 3, 4] } },
  ];
  await spool.take(reports);
  for (const [at, lie] of lies.entries()) {
    await spool.takeAnswer(lie, reports);
    assert.equal(spool.size, reports.length, `${at}`);
  }
  await spool.takeAnswer(good, reports);
  assert.equal(spool.size, 0);
  await spool.close();
});

test('who reads no proofs gets a single watermark, also for a number that was proven before', async (t) => {
  const { spool, folder } = await opened(t);
  const [report, other] = [spooledReport(1, 4), spooledReport(2, 4)];
  await spool.take([report, other]);
  await spool.takeAnswer(answerTo([report, other]), [report, other]);
  assert.equal(spool.size, 0);
  // The host went back to an older agent, which sends what it has again.
  const older = spooledReport(1, 4, true);
  assert.deepEqual(spool.watermarks([older.host], false), { format: 'xylem-taken-1', watermarks: [] });
  await spool.take([older]);
  assert.deepEqual(spool.waiting(), [older]);
  await spool.takeAnswer(answerTo([report, other]), [report, other]);
  assert.equal(spool.size, 1, 'a proof does not do');
  await spool.close();
  const again = await openAt(folder);
  assert.deepEqual(again.waiting(), [older], 'for whom it is, is kept');
  await again.takeAnswer(answerTo([older], { readsProofs: false }), [older]);
  assert.deepEqual([again.size, again.superseded], [0, 0]);
  for (const readsProofs of [true, false]) {
    const { watermarks, proofs } = again.watermarks([older.host], readsProofs);
    assert.deepEqual([watermarks.length, proofs], [1, undefined]);
  }
  await again.close();
});

test('a log of before is read: reports in it are for who reads no proofs', async (t) => {
  const { spool, folder } = await opened(t);
  await spool.take([spooledReport(1, 1, true)]);
  await spool.close();
  const [name = ''] = await readdir(folder);
  assert.deepEqual(Object.keys(JSON.parse(await readFile(join(folder, name), 'utf8'))), ['report']);
  const again = await openAt(folder);
  assert.deepEqual(
    again.waiting().map(({ single }) => single),
    [true],
  );
  await again.close();
});

test('proofs outlive a rewrite of the log, which lets the older ones go', async (t) => {
  const { spool, folder } = await opened(t);
  const isRewritten = async (): Promise<boolean> => {
    const names = await readdir(folder);
    return names.includes('log-2') && !names.includes('log-1');
  };
  let sequence = 0;
  while (!(await isRewritten())) {
    sequence += 1;
    assert.ok(sequence < 30, 'the log only grows');
    const reports = batch(600, sequence);
    await spool.take(reports);
    await spool.takeAnswer(answerTo(reports), reports);
  }
  await spool.close();
  const again = await openAt(folder);
  const hosts = batch(600).map(({ host }) => host);
  const { proofs = [] } = again.watermarks(hosts, true);
  assert.equal(proofs.length, 1);
  assert.deepEqual(new Set(proofs[0]?.proofs.map((proof) => proof.sequence)), new Set([sequence]));
  assert.equal(await provenSequence(proofs, hosts[599] ?? ''), sequence);
  await again.close();
});
