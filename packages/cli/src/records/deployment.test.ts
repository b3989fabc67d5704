import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AfterEvidence,
  type AfterWatch,
  advance,
  afterRecord,
  afterWatchRecord,
  applyDecisions,
  type Deployment,
  evidenceFor,
  lookAfterBy,
  nothingRecorded,
  noWatchRecorded,
  recordOf,
  recordText,
  sha256,
  watchRecordText,
} from '@xylem/core';
import type { Api } from '../api/client.ts';
import { deploymentReplayText, firstDifference, replayDeployment } from './deployment.ts';

const id = 'd-000000000001';
const policy = { offlineAfterMs: 2_700_000, silentAfterMs: 900_000 };
const nowMs = 1_800_000_000_000;
const web = 'a'.repeat(64);
const deployment = {
  id,
  environment: '0'.repeat(32),
  product: 'shop',
  kind: 'deploy',
  from: null,
  to: null,
  components: { web: { from: [], to: web } },
  strategy: { kind: 'all-at-once' },
  salt: 'c2FsdA',
  threshold: '0'.repeat(64),
  state: 'running',
  reason: null,
  purgeData: false,
} as unknown as Deployment;
const host = {
  id: 'b'.repeat(32),
  components: ['web'],
  admittedAt: nowMs - 60_000,
  held: false,
  keptBack: false,
  lastReport: nowMs,
  lastSeen: nowMs,
  reported: [{ component: 'web', package: web, state: 'running', healthy: true }],
} as unknown as AfterEvidence['hosts'][number]['evidence'] & object;

/** What a root server has of a deployment that succeeded, and of the watch over it that another one ended. */
function made(watchPolicy = policy) {
  const evidence = evidenceFor(deployment, [host]);
  const said = advance(deployment, evidence, nowMs, policy);
  const record = recordOf(nothingRecorded, deployment, evidence, nowMs, policy, said);
  const ended = applyDecisions(deployment, said.decisions);
  const { digest } = afterRecord(nothingRecorded, record);
  const watch: AfterWatch = {
    since: nowMs,
    until: nowMs + 1000,
    maxFailed: null,
    maxUnavailable: 1,
    onFail: 'report',
    badSince: null,
  };
  const after: AfterEvidence = {
    deployment: ended,
    policy: watchPolicy,
    hosts: [{ id: host.id, evidence: host }],
    before: [],
    asked: [],
    probes: [],
    newer: 'd-000000000002',
  };
  const nothing = noWatchRecorded(digest);
  const document = watchRecordText(nothing, watch, after, nowMs, lookAfterBy(watch, after, nowMs));
  const left = afterWatchRecord(nothing, document);
  return {
    decisions: [{ number: 1, digest: digest ?? '', document: recordText(record) }],
    watch: [{ number: 1, digest: left.digest ?? '', document }],
    stand: { state: left.state as string, document: JSON.stringify(watch), recorded: 1 as number | null },
    audit: [
      ['deployment.deploy', {}],
      ['deployment.succeeded', { records: 1, evidence: digest }],
      ['deployment.watch-superseded', { records: 1, evidence: left.digest }],
    ] as readonly (readonly [string, object])[],
  };
}

async function replayOf({ decisions, watch, stand, audit }: ReturnType<typeof made>, isOlder = false) {
  const call = async (operation: string, { query }: { query: Record<string, string> }): Promise<unknown> => {
    const after = Number(query['after']);
    const entries = audit.map(([what, said], index) => ({
      entry: { sequence: index + 1, what, after: said },
    }));
    if (operation === 'auditList') return { entries: entries.slice(after), checkpoints: [] };
    const records = (query['of'] === 'watch' ? watch : decisions).slice(after);
    return { records, hasMore: false, decided: 1, ...(isOlder ? {} : { watch: stand }) };
  };
  const replay = await replayDeployment({ call } as unknown as Api, id);
  return { difference: firstDifference(replay), text: deploymentReplayText(replay) };
}

test('decisions, the watch and the audit log are compared, and it is said how many there were', async () => {
  const whole = await replayOf(made());
  assert.equal(whole.difference, null);
  assert.match(
    whole.text,
    /^The same: 1 decision .*\nOnce it had succeeded: The same: 1 decision made again from the recorded evidence, byte for byte\. .*\nThe audit log names the same digests \(entry 2, entry 3\)\.$/,
  );
});

test('a watch of which nothing is recorded is said to be one, and an older root server says nothing of it', async () => {
  const none = { ...made(), watch: [], audit: [] };
  const stand = { ...none.stand, recorded: null };
  const open = await replayOf({ ...none, stand: { ...stand, state: 'watching' } });
  assert.match(open.text, /\nIt is still looked after, and nothing was decided by that yet\.\nNot compared/);
  assert.match((await replayOf({ ...none, stand })).text, /\nHow it was looked after is in no record/);
  const older = await replayOf(none, true);
  assert.deepEqual([older.difference, older.text.split('\n').length], [null, 2]);
});

test('what was changed, cut off, or written anew with all its digests is found', async () => {
  const whole = made();
  const differs = async (changed: Partial<typeof whole>, message: RegExp) => {
    const { difference, text } = await replayOf({ ...whole, ...changed });
    assert.match(difference ?? '', message);
    assert.ok(text.includes(`It differs. ${difference}`));
  };
  const [record = assert.fail()] = whole.watch;
  const document = record.document.replace('"kind":"superseded"', '"kind":"passed"');
  await differs({ watch: [{ ...record, document }] }, /^Record 1 of the watch: recorded was .*again it is/);
  const anew = { ...record, document, digest: sha256(document) };
  await differs({ watch: [anew] }, /^Record 1 of the watch: recorded was/);
  await differs({ watch: [] }, /^The watch stands elsewhere than record 0 of it left it/);
  await differs({ stand: { ...whole.stand, state: 'passed' } }, /^The watch stands elsewhere than record 1/);
  // The same follows from it: only the audit log has the digest of what was there.
  const { audit: _audit, ...other } = made({ ...policy, silentAfterMs: 1 });
  await differs(
    other,
    /^Entry 3 of the audit log says that record 1 has the digest [0-9a-f]{64}, and it has/,
  );
  const more = [...whole.audit, ['deployment.paused', { records: 2, evidence: record.digest }] as const];
  await differs({ audit: more }, /^Entry 4 of the audit log says that record 2 .*, and it is not there\.$/);
});
