import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeWatermark, type HostId, parseReport, timeOf, watermarkPayloadType } from '@xylem/core';
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

const said = (spool: ReportSpool) => parseReport(parseEnvelope(spool.pending() ?? new Uint8Array()).payload);

test('a state folder that was brought back from an older state reports under numbers that were never used', async (t) => {
  const folder = await tempFolder(t, 'spool');
  const old = await tempFolder(t, 'old');
  const open = (at: string) =>
    openReportSpool({
      folder: join(at, 'reports'),
      host,
      key: () => key,
      clock: systemClock,
      randomness: systemRandomness,
      log: silentLog,
    });
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
        time: timeOf(Date.now()),
      }),
      collector,
    );

  const back = await open(old);
  await back.put({ ...body, name: 'after the restore' });
  assert.equal(said(back).sequence, 2);
  // The root server has 5: what this one has to say is not in it, and is said again as 6.
  assert.equal(await back.cover(watermark(5), collector.public), false);
  assert.deepEqual([said(back).sequence, said(back).name], [6, 'after the restore']);
  assert.equal(await back.cover(watermark(6), collector.public), true);
  assert.equal(back.pending(), null);
});
