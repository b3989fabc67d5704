import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Report } from '../wire/report.ts';
import type { HostEvidence } from './deployment.ts';
import {
  deployment,
  host,
  MINUTE,
  newPackage,
  oldPackage,
  policy,
  rolling,
  runs,
  START,
} from './fleet.test-data.ts';
import { laggardOf } from './laggards.ts';

const waits = (component: string | null, code: string): Report['waiting'][number] =>
  ({
    component,
    code,
    message: `${code} holds it`,
    since: '2026-11-21T03:28:06Z',
  }) as Report['waiting'][number];
const refused = { package: newPackage, code: 'E_HEALTH_FAILED', message: 'answered 500' };

test('each host that lags behind has one reason, its own words first', () => {
  const now = START + 5 * MINUTE;
  const admitted: Partial<HostEvidence> = { admittedAt: START, lastReport: now, lastSeen: now };
  const update = deployment('deploy', rolling(1));
  const said = (more: Partial<HostEvidence>, ...waiting: Report['waiting']) =>
    laggardOf(update, host(1, more), waiting, now, policy);
  assert.equal(said({ ...admitted, reported: [runs(newPackage)] }), null, 'it is done');
  assert.equal(said({ ...admitted, components: [] }), null, 'it concerns it not');
  assert.deepEqual(said({}), { reason: 'turn', message: null });
  assert.deepEqual(said(admitted), { reason: 'under way', message: null });
  assert.deepEqual(said({ ...admitted, reported: [runs(newPackage, false)] })?.reason, 'unhealthy');
  assert.deepEqual(
    said({ ...admitted, reported: [{ ...runs(oldPackage), refused } as HostEvidence['reported'][number]] }),
    { reason: 'E_HEALTH_FAILED', message: 'answered 500' },
  );
  assert.deepEqual(
    said(admitted, waits('other', 'E_QUOTA'), waits(null, 'E_CLOCK'), waits('api', 'E_LOCKED')),
    { reason: 'E_LOCKED', message: 'E_LOCKED holds it' },
    'what it says of the component comes before what it says of itself, and of others nothing counts',
  );
  assert.equal(said(admitted, waits(null, 'E_DISK_FULL'))?.reason, 'E_DISK_FULL');
});

test('who is not seen is told from who was admitted and says nothing', () => {
  const late = START + 60 * MINUTE;
  const update = deployment('deploy', rolling(1));
  const reason = (more: Partial<HostEvidence>) =>
    laggardOf(update, host(1, more), [waits('api', 'E_LOCKED')], late, policy)?.reason;
  assert.equal(reason({ lastSeen: START, lastReport: START }), 'unseen');
  assert.equal(reason({ admittedAt: START, lastReport: START, lastSeen: START }), 'unseen');
  assert.equal(reason({ admittedAt: START, lastReport: START, lastSeen: late }), 'silent');
});
