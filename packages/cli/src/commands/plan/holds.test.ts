import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlanDetail } from '@xylem/root/contract';
import { holdRows, passesText } from './holds.ts';

type Found = Parameters<typeof holdRows>[0];

const unknown = { hosts: null, until: null };
const found = {
  holds: [
    { hold: 'windows', name: 'nights', passed: true, hosts: 12, until: '2026-11-23T01:00:00Z' },
    { hold: 'windows', name: null, passed: true, hosts: 1, until: null },
    { hold: 'freezes', name: 'christmas', passed: true, hosts: 1, until: '2027-01-04T00:00:00Z' },
    { hold: 'freezes', name: 'audit', passed: false, hosts: 0, until: null },
    { hold: 'quotas', name: null, passed: false, ...unknown },
    { hold: 'locks', name: 'shop-web', passed: false, ...unknown },
  ],
} as unknown as Found;

test('an urgent plan says of each hold whether it passes it, another one what holds hosts now', () => {
  assert.deepEqual(holdRows(found, true), [
    ['passes', 'windows: 12 hosts now, until 2026-11-23T01:00:00Z (nights opens)'],
    ['passes', 'windows: 1 host now, in no window of the next years'],
    ['passes', 'freeze christmas: 1 host now, until 2027-01-04T00:00:00Z'],
    ['holds', 'freeze audit: no host now'],
    ['holds', 'quota: each host counts its own changes'],
    ['holds', 'lock of shop-web: each host looks before it begins'],
  ]);
  const waiting = { ...found, holds: (found.holds ?? []).map((one) => ({ ...one, passed: false })) };
  assert.deepEqual(
    holdRows(waiting, false).map(([head, text]) => `${head} ${text.split(':')[0]}`),
    ['holds windows', 'holds windows', 'holds freeze christmas'],
  );
  assert.deepEqual(holdRows({} as Found, true), [], 'an older root server says nothing of it');
});

test('the word of what an urgent plan passes is whole', () => {
  const said = (passes: PlanDetail['passes']) => passesText(passes ?? []);
  assert.equal(
    said([]),
    'It passes quotas, windows of hosts, and freezes where policy says so. All else holds.',
  );
  assert.equal(
    said(['freezes:christmas', 'locks:shop-web', 'quotas']),
    'It passes freezes:christmas, locks:shop-web, quotas of hosts. All else holds.',
  );
});
