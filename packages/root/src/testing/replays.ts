import assert from 'node:assert/strict';
import {
  nothingRecorded,
  noWatchRecorded,
  type RecordedWatch,
  replayed,
  replayedWatch,
  watchStandsAfter,
} from '@xylem/core';
import type { RootFixture } from './root-fixture.ts';

/**
 * Decides all of a deployment again, and what was decided once it had succeeded, and finds in the audit log what it came to.
 * @returns what records of its watch leave
 */
export async function replaysWatch(root: RootFixture, id: string): Promise<RecordedWatch> {
  const page = async (of: 'decisions' | 'watch') =>
    await root.api('deploymentEvidence', { params: { id }, query: { of } });
  const { records, decided, watch } = await page('decisions');
  assert.equal(decided, records.length);
  let decisions = nothingRecorded;
  for (const { document } of records) decisions = same(replayed(decisions, document));
  let left = noWatchRecorded(decisions.digest);
  for (const { document } of (await page('watch')).records) left = same(replayedWatch(left, document));
  assert.ok(watch);
  assert.ok(watchStandsAfter(left, watch));
  assert.equal(watch.recorded ?? 0, left.number);

  const { entries } = await root.api('auditList', { query: { on: `deployment/${id}` } });
  const named = (is: string): unknown => {
    const { entry } = entries.find((one) => one.entry.what === `deployment.${is}`) ?? assert.fail(is);
    assert.equal(entry.who, `deployment/${id}`);
    const { records: number, evidence } = entry.after as Record<string, unknown>;
    return { number, evidence };
  };
  assert.deepEqual(named('succeeded'), { number: decided, evidence: decisions.digest });
  if (left.state !== 'watching')
    assert.deepEqual(named(`watch-${left.state}`), { number: left.number, evidence: left.digest });
  return left;
}

function same<After>(result: { readonly after: After } | string): After {
  return typeof result === 'string' ? assert.fail(result) : result.after;
}
