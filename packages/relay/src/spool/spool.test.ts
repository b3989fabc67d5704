import assert from 'node:assert/strict';
import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Envelope, HostId, Time } from '@xylem/core';
import { silentLog, systemClock } from '@xylem/platform';
import { fullDisk, tempFolder } from '@xylem/testkit';
import { generateKey, signWatermark } from '@xylem/trust';
import fc from 'fast-check';
import { spooledReport } from '../testing/reports.ts';
import { covers, type ReportNumber, type SpooledReport, supersedes } from './fold.ts';
import { LogFile } from './log-file.ts';
import { Spool } from './spool.ts';

const time = '2026-11-21T03:28:06Z' as Time;
const number = fc.record({
  host: fc.constant('a'.repeat(32) as HostId),
  incarnation: fc.constantFrom('0'.repeat(16), '1'.repeat(16)),
  sequence: fc.integer({ min: 1, max: 5 }),
  single: fc.constant(false),
});

test('folding keeps the highest of the incarnation that spoke last, whatever is repeated', () => {
  fc.assert(
    fc.property(fc.array(number, { minLength: 1 }), (arrivals) => {
      let kept: ReportNumber | undefined;
      for (const report of arrivals) if (supersedes(report, kept)) kept = report;
      const last = arrivals.at(-1);
      assert.equal(kept?.incarnation, last?.incarnation);
      assert.ok((kept?.sequence ?? 0) >= (last?.sequence ?? 0));
      assert.equal(supersedes(kept as ReportNumber, kept), false);
      assert.equal(covers(kept, last as ReportNumber), true);
    }),
  );
});

test('the log gives back what was appended, passes over a torn line, and shrinks by rewriting', async (t) => {
  const folder = await tempFolder(t, 'spool');
  const read = async (): Promise<{ log: LogFile; lines: string[] }> => {
    const lines: string[] = [];
    const log = await LogFile.open(folder, (line) => lines.push(line));
    return { log, lines: lines.filter((line) => line !== '') };
  };
  const { log } = await read();
  await Promise.all(Array.from({ length: 100 }, (_, index) => log.append(`line ${index}`)));
  await log.close();
  const [name = ''] = await readdir(folder);
  await appendFile(join(folder, name), 'torn');
  const second = await read();
  assert.equal(second.lines.length, 101);
  const kept = ['kept'];
  const append = (line: string): Promise<void> => second.log.append(line, () => kept.push(line));
  await append('after that');
  await Promise.all([second.log.rewrite(() => kept), append('during')]);
  await second.log.append('after');
  await second.log.close();
  const third = await read();
  await third.log.close();
  assert.deepEqual(third.lines.sort(), ['after', 'after that', 'during', 'kept']);
  assert.equal((await readdir(folder)).length, 1);
  assert.ok(!(await readFile(join(folder, (await readdir(folder))[0] ?? ''), 'utf8')).includes('torn'));
});

test('thousands of watermarks do not make each report rewrite the log', async (t) => {
  const folder = await tempFolder(t, 'spool');
  const collector = generateKey();
  const spool = await Spool.open({
    folder,
    log: silentLog,
    clock: systemClock,
    collectorKeys: () => [collector.public],
  });
  const hosts = Array.from({ length: 7_000 }, (_, n) => spooledReport(n, 1));
  const watermarks = hosts.map((number) => signWatermark(number, { collector, time }));
  await spool.takeAnswer({ format: 'xylem-taken-1', watermarks }, []);
  const numberOf = async (): Promise<number> =>
    Math.max(...(await readdir(folder)).map((name) => Number(name.replace(/^(\.tmp-)?log-/, ''))));
  for (let sequence = 2; sequence <= 60; sequence += 1) await spool.take([spooledReport(1, sequence)]);
  assert.ok((await numberOf()) <= 3, `log-${await numberOf()}`);
  await spool.close();
  const again = await Spool.open({ folder, log: silentLog, clock: systemClock, collectorKeys: () => [] });
  assert.equal(again.watermarks([spooledReport(6_999, 1).host], false).watermarks.length, 1);
  await again.close();
});

test('a watermark that says nothing new is passed over, and one that says so is believed by its signature alone', async (t) => {
  const refused: string[] = [];
  const collector = generateKey();
  let keysAsked = 0;
  const spool = await Spool.open({
    folder: await tempFolder(t, 'spool'),
    log: { ...silentLog, warn: (event) => void refused.push(event) },
    clock: systemClock,
    collectorKeys: () => {
      keysAsked += 1;
      return keysAsked > 1 ? [] : [collector.public];
    },
  });
  const of = (sequence: number, by = collector): Envelope =>
    signWatermark(spooledReport(1, sequence), { collector: by, time });
  const take = (...watermarks: readonly Envelope[]): Promise<void> =>
    spool.takeAnswer({ format: 'xylem-taken-1', watermarks }, []);
  await take(of(2), of(1, generateKey()));
  // No key is known any more: what had to be checked would be refused.
  await take(of(2), of(1));
  assert.deepEqual(refused, ['watermark refused']);
  await take(of(3));
  assert.deepEqual(refused, ['watermark refused', 'watermark refused']);
  assert.deepEqual(spool.watermarks([spooledReport(1, 1).host], false).watermarks, [of(2)]);
  await spool.close();
});

test('what a full disk refused spoils nothing that is kept before or after', async (t) => {
  const disk = await fullDisk(t, 2 ** 20);
  if ('skip' in disk) return t.skip(disk.skip);
  const folder = join(disk.folder, 'spool');
  const log = await LogFile.open(folder, () => undefined);
  await log.append('before');
  await disk.fill();
  await assert.rejects(log.append('x'.repeat(100_000)), { code: 'E_DISK_FULL' });
  await disk.free();
  await log.append('after');
  await log.close();
  const lines: string[] = [];
  await (await LogFile.open(folder, (line) => lines.push(line))).close();
  assert.deepEqual(
    lines.filter((line) => line !== ''),
    ['before', 'after'],
  );
});

test('a log of which the disk gives back rubbish is opened, and what can be read of it counts', async (t) => {
  const folder = await tempFolder(t, 'spool');
  const log = await LogFile.open(folder, () => undefined);
  await log.append('first');
  await log.close();
  await appendFile(join(folder, 'log-1'), Buffer.alloc(8 * 2 ** 20));
  await appendFile(join(folder, 'log-1'), Buffer.from([10, 0xff, 0xfe, 0, 10]));
  await appendFile(join(folder, 'log-1'), 'last\n');
  const lines: string[] = [];
  await (await LogFile.open(folder, (line) => lines.push(line))).close();
  assert.equal(lines[0], 'first');
  assert.ok(lines.includes('last'));
  assert.ok(lines.every((line) => line.length < 4 * 2 ** 20));
});

test('while the parent is away for a week one report of each host is kept, and the others are counted', async (t) => {
  const folder = await tempFolder(t, 'spool');
  const collector = generateKey();
  let nowMs = 1_800_000_000_000;
  const open = () =>
    Spool.open({
      folder,
      log: silentLog,
      clock: { now: () => nowMs },
      collectorKeys: () => [collector.public],
    });
  let spool = await open();
  const [hosts, hours] = [100, 7 * 24];
  for (let hour = 1; hour <= hours; hour += 1) {
    nowMs += 3_600_000;
    await spool.take(Array.from({ length: hosts }, (_, n) => spooledReport(n, hour)));
    // Killed: nothing is told to it.
    if (hour % 50 === 0) spool = await open();
  }
  for (const opened of [spool, await open()]) {
    assert.equal(opened.superseded, 24 * hosts);
    assert.equal(opened.supersededTotal, (hours - 1) * hosts, 'all but the newest of each');
    assert.deepEqual(new Set(opened.waiting().map(({ sequence }) => sequence)), new Set([hours]));
    assert.equal(opened.size, hosts);
  }
  const [name = ''] = await readdir(folder);
  assert.ok((await readFile(join(folder, name))).length < 8 * 2 ** 20, 'the disk does not hold a week');

  // One that went up and is replaced while its watermark is awaited was not lost on the way.
  const [first] = spool.waiting();
  spool.wentUp(first as SpooledReport);
  await spool.take([spooledReport(0, hours + 1)]);
  assert.equal(spool.superseded, 24 * hosts);
  nowMs += 12 * 3_600_000;
  assert.equal(spool.superseded, 12 * hosts, 'of the last day');
  assert.equal(spool.supersededTotal, (hours - 1) * hosts);
  await spool.close();
});

test('a spool that has reached its bound keeps what it has and takes nothing of the batch', async (t) => {
  const folder = await tempFolder(t, 'spool');
  const options = { folder, log: silentLog, clock: systemClock, collectorKeys: () => [] };
  const bound = 3 * JSON.stringify(spooledReport(1, 1).envelope).length;
  const spool = await Spool.open({ ...options, maxBytes: bound });
  await spool.take([spooledReport(1, 1)]);
  await assert.rejects(spool.take([1, 2, 3, 4, 5].map((n) => spooledReport(n, 2))), { code: 'E_DISK_FULL' });
  await spool.close();
  const again = await Spool.open(options);
  assert.ok(again.waiting().some(({ host }) => host === spooledReport(1, 1).host));
  await again.close();
});
