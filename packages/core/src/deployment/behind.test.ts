import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeOf } from '../time.ts';
import type { Version } from '../versions.ts';
import type { Report } from '../wire/report.ts';
import { adviceFor, behindOf, isInTurn, type KnownOfHost } from './behind.ts';
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

const now = START + 5 * MINUTE;
const api = deployment('deploy', rolling(1));
const update = { ...api, components: { ...api.components, web: { from: [], to: newPackage } } };
const v = (text: string) => text as Version;
const known = (evidence: Partial<HostEvidence>, more: Partial<KnownOfHost> = {}): KnownOfHost => ({
  evidence: host(1, { lastReport: now, lastSeen: now, ...evidence }),
  waiting: [],
  skipped: null,
  shut: null,
  pinned: {},
  unfit: [],
  facts: undefined,
  observed: [],
  way: null,
  ...more,
});
const behind = (of: KnownOfHost) => behindOf(update, of, now, policy);
const out: Partial<HostEvidence> = { components: [] };
const admitted: Partial<HostEvidence> = { admittedAt: START };

test('who is kept out is named with who or what keeps it, and not once it has come all the same', () => {
  assert.equal(behind(known(out)), null, 'it is none of the deployment');
  assert.deepEqual(behind(known({ skipped: true }, { skipped: 'ann skipped it.' })), {
    reason: 'skipped',
    message: 'ann skipped it.',
  });
  const shut = { code: 'E_DEAD_END', message: 'No update leads from shop 1.0.0.' } as const;
  assert.deepEqual(behind(known(out, { shut })), { reason: 'E_DEAD_END', message: shut.message });
  const pinned = { api: 'by ann since noon: ticket 7' };
  assert.deepEqual(behind(known(out, { pinned })), {
    reason: 'pinned',
    message: 'api is pinned by ann since noon: ticket 7',
  });
  assert.equal(behind(known({ ...out, reported: [runs(newPackage)] }, { pinned })), null);
  const facts = { os: 'linux', osVersion: '6', arch: 'arm64', node: '26.0.0', cores: 1, memoryBytes: 1 };
  const unfit = behind(known(out, { unfit: ['api'], facts }));
  assert.deepEqual(unfit, { reason: 'E_FACTS_UNSUPPORTED', message: 'api: no variant for linux on arm64.' });
  const observed = ['api'];
  assert.equal(behind(known({ ...out, reported: [] }, { observed }))?.reason, 'E_OBSERVING');
  const undeploy = deployment('undeploy', rolling(1));
  const removed = known({ ...out, reported: [] }, { pinned });
  assert.equal(behindOf(undeploy, removed, now, policy), null, 'a pin keeps nothing where nothing is');
});

test('of a host with two reasons the one is told that needs somebody', () => {
  const pinned = { web: 'by ann since noon: ticket 7' };
  assert.equal(behind(known(admitted, { pinned }))?.reason, 'pinned', 'before that it is under way');
  assert.equal(
    behind(known({ ...admitted, reported: [runs(newPackage, false)] }, { pinned }))?.reason,
    'unhealthy',
  );
  const waiting = [
    { component: 'api', code: 'E_OUTSIDE_WINDOW', message: 'From 22:00.', since: timeOf(START) },
  ] as unknown as Report['waiting'];
  assert.deepEqual(behind(known(admitted, { waiting, pinned })), {
    reason: 'E_OUTSIDE_WINDOW',
    message: 'From 22:00.',
  });
  assert.equal(
    behind(known({ ...admitted, lastReport: START - 60 * MINUTE, lastSeen: 0 }))?.reason,
    'unseen',
  );
});

test('who is on its way through a waypoint says through which, and since when', () => {
  const since = START + 2 * MINUTE;
  const way = (installed: string, isWaypoint: boolean, ...steps: string[]) => ({
    way: { installed: v(installed), isWaypoint, since, way: { kind: 'steps' as const, steps: steps.map(v) } },
  });
  const old = { ...admitted, reported: [runs(oldPackage)] };
  const far = behind(known(old, way('1.0.0', false, '2.0.0', '3.0.0', '4.0.0')));
  assert.deepEqual(far, {
    reason: 'waypoint',
    message: `It is at 1.0.0 since ${timeOf(since)}, on its way through 2.0.0, 3.0.0.`,
  });
  const last = behind(known(old, way('3.0.0', true, '4.0.0')));
  assert.match(last?.message ?? '', /^It is at 3\.0\.0 since .*, a waypoint; 4\.0\.0 is next\.$/);
  assert.equal(behind(known(old, way('3.9.0', false, '4.0.0')))?.reason, 'under way');
  const late = { ...old, admittedAt: START + 3 * MINUTE };
  assert.equal(behind(known(late, way('3.0.0', true, '4.0.0')))?.reason, 'under way', 'it was there before');
  const before = { ...old, admittedAt: null };
  assert.equal(
    behind(known(before, way('1.0.0', false, '2.0.0', '4.0.0')))?.reason,
    'turn',
    'its turn has not come',
  );
});

test('each reason says what to do, also one that this version does not know', () => {
  assert.ok(
    isInTurn({ reason: 'turn' }) && isInTurn({ reason: 'under way' }) && !isInTurn({ reason: 'silent' }),
  );
  for (const reason of [
    'skipped',
    'pinned',
    'unseen',
    'silent',
    'unhealthy',
    'E_FROM_TOMORROW',
    'E_DEAD_END',
  ] as const)
    assert.match(adviceFor(reason), /`xylem /, reason);
  assert.match(adviceFor('E_OUTSIDE_WINDOW'), /--urgent/);
});
