import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment } from '@xylem/root/contract';
import { groupsText } from './groups-text.ts';

const until = '2026-11-22T08:00:00Z';
const traffic = { serving: 'green', balancers: 2, applied: 1, behind: ['lb-2'] };
const said = (phase: string, more: object = {}, state = 'running') =>
  groupsText({
    state,
    groups: { phase, idle: 'green', serving: 'blue', since: until, until: null, traffic, ...more },
  } as unknown as Deployment);

test('where it stands over two groups, and which balancers are missing', () => {
  assert.equal(
    said('switching'),
    'traffic is moved to green (green first, then blue); traffic goes to green, as 1 of 2 balancers have reported, not yet by lb-2',
  );
  assert.match(said('kept', { until }) ?? '', /^blue is kept as it was until 2026-11-22T08:00:00Z /);
  assert.equal(said('second', { traffic: null }), 'blue is updated without traffic (green first, then blue)');
  assert.equal(said('watching', {}, 'succeeded'), null);
  assert.equal(said('returning', { traffic: null }, 'failed'), null);
  assert.match(said('returning', {}, 'failed') ?? '', /^traffic was given back to green, .*not yet by lb-2$/);
  assert.equal(groupsText({ state: 'running' } as unknown as Deployment), null);
});
