import assert from 'node:assert/strict';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  encodeWatermark,
  type HostId,
  parseReport,
  type Report,
  timeOf,
  watermarkPayloadType,
} from '@xylem/core';
import { silentLog, systemClock, systemRandomness } from '@xylem/platform';
import { tempFolder } from '@xylem/testkit';
import { generateKey, hostIdOf, parseEnvelope, signEnvelope } from '@xylem/trust';
import type { ReportBody } from './build.ts';
import { openReportSpool, type ReportSpool } from './spool.ts';

const key = generateKey();
const collector = generateKey();
const host = hostIdOf(key.public) as HostId;
const body = {
  host,
  environment: 'e'.repeat(32),
  agent: '0.1.0',
  name: 'a',
  facts: { os: 'linux', osVersion: '12', arch: 'x64', node: '26', cores: 1, memoryBytes: 1 },
  direction: { snapshot: 0, number: 0 },
  releases: {},
  parent: { url: null, host: null },
  components: [],
  waiting: [],
  transfer: { bytesDown: 0, bytesUp: 0, requests: 0, refusedObjects: 0 },
} as unknown as ReportBody;

/** As a process does that begins; nothing is told to one before. */
const openIn = (folder: string) =>
  openReportSpool({
    folder,
    host,
    key: () => key,
    clock: systemClock,
    randomness: systemRandomness,
    log: silentLog,
  });

const said = (spool: ReportSpool) => parseReport(parseEnvelope(spool.pending() ?? new Uint8Array()).payload);

test('a state folder that was brought back from an older state reports under numbers that were never used', async (t) => {
  const folder = await tempFolder(t, 'spool');
  const old = await tempFolder(t, 'old');
  const open = (at: string) => openIn(join(at, 'reports'));
  const before = await open(folder);
  await before.put(body);
  await cp(folder, old, { recursive: true });
  for (let count = 0; count < 4; count += 1) await before.put(body);
  const { incarnation, sequence } = said(before);
  assert.equal(sequence, 5);
  const watermark = (upTo: number) =>
    signEnvelope(
      watermarkPayloadType,
      encodeWatermark({
        format: 'xylem-watermark-1',
        host,
        incarnation,
        sequence: upTo,
        time: timeOf(systemClock.now()),
      }),
      collector,
    );

  const back = await open(old);
  await back.put({ ...body, name: 'after the restore' });
  // Beyond all that the former process had in hand.
  const own = said(back).sequence;
  assert.ok(own > sequence, `${own}`);
  assert.equal(await back.cover(watermark(sequence), collector.public), false);
  // The root server has more than this folder ever had in hand: what this one has to say is not in it, and is said again.
  const far = own + 1_000;
  assert.equal(await back.cover(watermark(far), collector.public), false);
  assert.deepEqual([said(back).sequence, said(back).name], [far + 1, 'after the restore']);
  assert.equal(await back.cover(watermark(far + 1), collector.public), true);
  assert.equal(back.pending(), null);
});

test('where nothing can be written, reports go out under numbers that no other process ever gives', async (t) => {
  const folder = await tempFolder(t, 'spool');
  const open = () => openIn(folder);
  const spool = await open();
  await spool.put(body);
  // What a read-only file system answers, for root too: there is a folder where each file should go.
  for (const name of ['state.json', 'newest.json']) {
    await rename(join(folder, name), join(folder, `${name}.kept`));
    await mkdir(join(folder, name, 'in the way'), { recursive: true });
  }
  const given: number[] = [];
  for (let count = 0; count < 40; count += 1) {
    await spool.put(body);
    given.push(said(spool).sequence);
  }
  assert.deepEqual(
    given,
    Array.from({ length: 40 }, (_, index) => index + 2),
  );
  for (const name of ['state.json', 'newest.json']) {
    await rm(join(folder, name), { recursive: true });
    await rename(join(folder, `${name}.kept`), join(folder, name));
  }
  const next = await open();
  assert.equal(said(next).sequence, 1, 'what it last wrote');
  await next.put(body);
  assert.ok(said(next).sequence > 41);
});

test('a newest report that the disk gives back as something else is none', async (t) => {
  const folder = await tempFolder(t, 'spool');
  const spool = await openIn(folder);
  await spool.put(body);
  await writeFile(join(folder, 'newest.json'), 'half of it');
  assert.equal((await openIn(folder)).pending(), null);
});

test('what was replaced before a parent took it is counted over restarts, and told by each report', async (t) => {
  const folder = await tempFolder(t, 'spool');
  const open = () => openIn(folder);
  let spool = await open();
  await spool.put(body);
  assert.equal(said(spool).supersededTotal, undefined);
  // More than are in hand at once.
  for (let count = 1; count <= 400; count += 1) {
    if (count % 150 === 0) spool = await open();
    await spool.put(body);
    assert.equal(said(spool).supersededTotal, count);
  }
  const watermark = ({ incarnation, sequence }: Report, upTo = sequence) =>
    signEnvelope(
      watermarkPayloadType,
      encodeWatermark({
        format: 'xylem-watermark-1',
        host,
        incarnation,
        sequence: upTo,
        time: timeOf(systemClock.now()),
      }),
      collector,
    );

  spool.wentUp(spool.pending() ?? new Uint8Array());
  await spool.put(body);
  assert.equal(said(spool).supersededTotal, 400, 'a parent has the one before');
  spool.wentUp(new Uint8Array());
  await spool.put(body);
  assert.equal(said(spool).supersededTotal, 401, 'of this one it was never said');

  const newest = said(spool);
  assert.equal(await spool.cover(watermark(newest), collector.public), true);
  spool = await open();
  assert.equal(spool.pending(), null);
  await spool.put(body);
  assert.equal(said(spool).supersededTotal, 401, 'the root server had the one before');
  assert.equal(await spool.cover(watermark(newest, newest.sequence + 1_000), collector.public), false);
  assert.equal(said(spool).supersededTotal, 401, 'said again under another number');
});
