import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  afterRingRecord,
  lookAtRing,
  noRingRecorded,
  type RingMember,
  type RingRules,
  replayedRing,
  ringBegun,
  ringRecordText,
  standsAfter,
} from '@xylem/core';
import { command as planReplay } from '../commands/plan/replay.ts';
import { replayRecords, replayText } from './replay.ts';

const rules = { bakeMs: 60_000, minimumExposure: 1, alpha: 0.05, onNoData: 'ask' } as unknown as RingRules;

const member = (environment: string): RingMember => ({
  environment,
  watched: null,
  isWatchable: true,
  unwellAt: null,
  deployment: null,
});

/** Records of a ring as a root server keeps them. */
function recordsOf(count: number) {
  let recorded = noRingRecorded;
  let state = ringBegun;
  const records = [];
  for (let number = 1; number <= count; number += 1) {
    const members = Array.from({ length: number }, (_, index) => member(`e-${index}`));
    const look = lookAtRing(rules, state, members, number, 1000);
    const document = ringRecordText(
      recorded,
      { rules, state, members, now: number, silentAfterMs: 1000 },
      look,
    );
    recorded = afterRingRecord(recorded, document);
    state = look.state;
    records.push({ number, digest: recorded.digest ?? '', document });
  }
  return { records, state: JSON.stringify(state) };
}

const replayOf = async ({ records, state }: ReturnType<typeof recordsOf>) =>
  await replayRecords({
    nothing: noRingRecorded,
    page: async (after) => {
      const rest = records.filter(({ number }) => number > Number(after));
      return { records: rest.slice(0, 2), hasMore: rest.length > 2, state };
    },
    again: replayedRing,
    missing: (recorded, last) => (standsAfter(recorded, last.state) ? null : 'The last is missing.'),
  });

test('records are gone through page by page, and the first that differs or is damaged is said', async () => {
  const made = recordsOf(5);
  const whole = await replayOf(made);
  assert.deepEqual([whole.same, whole.records], [true, 5]);
  assert.match(
    replayText(whole),
    /^The same: 5 decisions made again .*byte for byte.* digest [0-9a-f]{64}\.$/,
  );

  const withThird = (document: string) => ({
    ...made,
    records: made.records.map((one) => (one.number === 3 ? { ...one, document } : one)),
  });
  const third = made.records[2]?.document ?? '';
  for (const [document, said] of [
    [
      third.replace('"silentAfterMs":1000', '"silentAfterMs":999'),
      /^It differs\. Record 3 has the digest .* was written down\.$/,
    ],
    [
      third.replace('"outcome":"', '"outcome":"not-'),
      /^It differs\. Record 3: recorded was .*not-.*decided again/,
    ],
    [third.slice(0, 100), /^It differs\. Record 3 is damaged, and nothing can be decided by it: .*JSON/],
    ['{"before":null}', /^It differs\. .*does not follow the one before/],
  ] as const) {
    const replay = await replayOf(withThird(document));
    assert.equal(replay.same, false);
    assert.match(replayText(replay), said);
  }
  const gap = await replayOf({ ...made, records: made.records.filter(({ number }) => number !== 2) });
  assert.match(replayText(gap), /Record 3 does not follow the one before it/);
});

test('rings of a plan are held against the audit log, each against its own digest', async () => {
  const { records, state } = recordsOf(3);
  const replayed = async (rings: object) => {
    const answers = {
      planShow: { id: 'p-1', stages: [{ name: 'few', verdict: 'ring' }, { name: 'all' }] },
      planEvidence: { records, hasMore: false, state },
      auditList: {
        entries: [{ entry: { sequence: 7, what: 'plan.stopped', after: { rings } } }],
        checkpoints: [],
      },
    };
    const call = async (operation: keyof typeof answers, { query }: { query?: { after?: string } }) =>
      operation === 'auditList' && query?.after === '7' ? { entries: [] } : answers[operation];
    const said = await planReplay.run({ args: ['p-1'], api: async () => ({ call }) } as never);
    assert.ok(typeof said?.text === 'function');
    return { exitCode: said.exitCode, text: said.text() };
  };
  const [, second, third] = records;
  const named = { records: 3, evidence: third?.digest };
  const same = await replayed({ few: named, other: { records: 9, evidence: 'a' } });
  assert.equal(same.exitCode, undefined);
  assert.match(
    same.text,
    /^few: The same: 3 decisions .*\nThe audit log names the same digests \(entry 7\)\.$/,
  );
  const differs = await replayed({ few: { ...named, evidence: second?.digest } });
  assert.equal(differs.exitCode, 9);
  assert.match(differs.text, /\nIt differs\. Entry 7 of the audit log says that record 3 has the digest/);
});
