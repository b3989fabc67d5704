import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { type EnvironmentId, jointOver, numbersOf, parseTaken, proofsHeader } from '@xylem/core';
import { openJointWatermark, openWatermark } from '@xylem/trust';
import { loadExistingKey } from '../keys/root-keys.ts';
import { fakeHost } from '../testing/fake-host.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { insertRowHosts, rowHosts, signedByRow, withDatabase } from '../testing/row-hosts.ts';

const hosts = 40;

test('reports that a relay brings are answered by one signature, or by one for each where it cannot read that', async (t) => {
  const root = await rootFixture(t);
  const { id } = await root.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'production', serve: true } });
  const relay = await fakeHost(root, token, { name: 'relay', serve: true });
  const rows = rowHosts('host', id as EnvironmentId, hosts);
  await withDatabase(root, (db) => insertRowHosts(db, rows, root.clock.now()));
  const [unknown] = rowHosts('stranger', id as EnvironmentId, 1);
  assert.ok(unknown !== undefined && rows[0] !== undefined);
  const older = signedByRow(root, relay, rows[0], []);
  assert.equal(await relay.bring(signedByRow(root, relay, rows[0], [])), 202);

  const bodyOf = (reports: readonly string[]): Buffer =>
    Buffer.from(`{"format":"xylem-reports-1","reports":[${reports.join(',')}]}`);
  const sent = [unknown, ...rows].map(({ id: host }, at) => {
    return { host, incarnation: '0'.repeat(16), sequence: at < 2 ? 1 : 2 };
  });
  const reports = bodyOf([
    signedByRow(root, relay, unknown, []),
    older,
    ...rows.slice(1).map((row) => {
      row.sequence += 1;
      return signedByRow(root, relay, row, []);
    }),
  ]);
  const answer = await relay.post('/reports', reports, { [proofsHeader]: '1' });
  assert.equal(answer.status, 202);
  const { joint, watermarks } = parseTaken(answer.body);
  assert.deepEqual(watermarks, []);
  assert.ok(joint !== undefined);
  assert.deepEqual([joint.leftOut, joint.higher], [[0], [{ report: 1, sequence: 2 }]]);
  const collector = (await loadExistingKey(`${root.folder}/keys/collector.pem`)).public;
  const { count, digest } = await openJointWatermark(joint.signed, [collector]);
  assert.deepEqual({ count, digest }, jointOver(numbersOf(sent, joint)).signed);

  // An older relay: a watermark for each; and what is large travels packed, to who says that it reads that.
  const some = rows.slice(1, 21);
  const again = bodyOf(some.map((row) => signedByRow(root, relay, row, [])));
  const single = await relay.post('/reports', again, { 'accept-encoding': 'gzip, zstd' });
  const taken = parseTaken(zstdDecompressSync(single.body));
  assert.deepEqual([taken.watermarks.length, taken.joint], [some.length, undefined]);
  const first = await openWatermark(taken.watermarks[0] ?? {}, [collector]);
  assert.deepEqual([first.host, first.sequence], [some[0]?.id, 3]);
  const plain = await relay.post('/reports', again);
  assert.equal(parseTaken(plain.body).watermarks.length, some.length);
});
