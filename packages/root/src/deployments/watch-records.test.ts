import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  type AfterEvidence,
  type AfterWatch,
  lookAfterBy,
  noWatchRecorded,
  replayedWatch,
  watchStandsAfter,
} from '@xylem/core';
import { cleanup, tempFolder } from '@xylem/testkit';
import { openDatabase } from '../db/open.ts';
import { testDatabases } from '../testing/databases.ts';
import { recordsAfter } from './records.ts';
import { WatchRecords } from './watch-records.ts';

const own = cleanup();
after(() => own.run());

const id = 'd-000000000001';
const startMs = 1_800_000_000_000;
const web = 'a'.repeat(64);
const begun: AfterWatch = {
  since: startMs,
  until: startMs + 600_000,
  maxFailed: 0,
  maxUnavailable: 1,
  onFail: 'report',
  badSince: null,
};

function evidenceAt(nowMs: number, healthy: boolean): AfterEvidence {
  const reported = [{ component: 'web', package: web, state: 'running', healthy }];
  const evidence = { components: ['web'], admittedAt: startMs - 60_000, held: false, keptBack: false };
  const host = { ...evidence, id: 'b'.repeat(32), lastReport: nowMs, lastSeen: nowMs, reported };
  return {
    deployment: { id, components: { web: { from: [], to: web } } },
    policy: { offlineAfterMs: 2_700_000, silentAfterMs: 900_000 },
    hosts: [{ id: host.id, evidence: host }],
    before: [],
    asked: [],
    probes: [],
  } as unknown as AfterEvidence;
}

for (const { kind, skip, options } of await testDatabases(own))
  test(`records of a watch are one chain, whoever writes them and whatever came to nothing: ${kind}`, {
    skip,
  }, async (t) => {
    const folder = await tempFolder(t, 'watch');
    const { database } = await options('watch_records');
    const db = await openDatabase(
      database?.kind === 'postgres' ? database : { kind: 'sqlite', file: join(folder, 'root.db') },
    );
    t.after(() => db.destroy());
    const [one, other] = [new WatchRecords(), new WatchRecords()];
    let watch = begun;
    const look = async (records: WatchRecords, seconds: number, healthy: boolean, isLost = false) => {
      const nowMs = startMs + seconds * 1000;
      const evidence = evidenceAt(nowMs, healthy);
      const said = lookAfterBy(watch, evidence, nowMs);
      const lost = new Error('it came to nothing');
      const number = await db
        .transaction()
        .execute(async (trx) => {
          const record = await records.append(trx, id, { watch, evidence, nowMs, said });
          if (isLost) throw lost;
          return record?.number ?? null;
        })
        .catch((error: unknown) => assert.equal(error, lost));
      if (!isLost && said.look.kind === 'watching') watch = said.look.watch;
      return number;
    };
    assert.equal(await look(one, 10, true), null);
    assert.equal(await look(one, 20, false), 1);
    assert.equal(await look(one, 30, true, true), undefined);
    assert.equal(await look(one, 40, true), 2);
    assert.equal(await look(other, 50, false), 3);
    assert.equal(await look(one, 60, false), null);
    assert.equal(await look(one, 120, false), 4);

    let left = noWatchRecorded(null);
    const { records, hasMore } = await recordsAfter(db, 'watch_evidence', id, { after: 0 });
    for (const record of records) {
      const again = replayedWatch(left, record.document);
      left = typeof again === 'string' ? assert.fail(again) : again.after;
      assert.equal(left.digest, record.digest);
    }
    assert.deepEqual([left.number, hasMore], [4, false]);
    assert.ok(watchStandsAfter(left, { state: 'failed', document: JSON.stringify(watch) }));
    const some = await recordsAfter(db, 'watch_evidence', id, { after: 1, upTo: 3 });
    assert.deepEqual(
      some.records.map(({ number }) => number),
      [2, 3],
    );
  });
