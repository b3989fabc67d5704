import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Version } from '../versions.ts';
import type { Deployment } from './deployment.ts';
import { deployment, digest, rolling } from './fleet.test-data.ts';
import { type FormerDeployment, isRecallDue, lastGood, recallStanding, recallStep } from './recall.ts';

const [bad, good, newer] = [digest('2.4.0'), digest('2.3.0'), digest('2.5.0')];
const release = (version: string) => ({ digest: digest(version), version: version as Version });
const to = (version: string | null, more: Partial<Deployment> = {}): Deployment => ({
  ...deployment(version === null ? 'undeploy' : 'deploy', rolling(1)),
  id: `d-${version}` as Deployment['id'],
  to: version === null ? null : release(version),
  ...more,
});
const place = { release: bad, settled: good, deployments: [], frozen: false };

test('a recall takes back what is directed, leaves what goes away by itself', () => {
  const step = (more: Partial<typeof place> | object) => recallStep({ ...place, ...more }).kind;
  assert.equal(step({}), 'none');
  assert.equal(step({ settled: null }), 'none');
  assert.equal(step({ settled: bad }), 'back');
  for (const state of ['running', 'paused', 'failed', 'aborted'] as const)
    assert.equal(step({ deployments: [to('2.4.0', { state })] }), 'back', state);
  const after = (more: Partial<Deployment>, rest: object = {}) =>
    step({ settled: bad, deployments: [to('2.5.0', more)], ...rest });
  assert.equal(after({}), 'leaving');
  assert.equal(step({ settled: bad, deployments: [to(null)] }), 'leaving');
  assert.equal(after({}, { frozen: true }), 'back', 'a freeze holds it up');
  assert.equal(after({ kind: 'rollback' }, { frozen: true }), 'leaving');
  for (const state of ['paused', 'failed', 'aborted'] as const) assert.equal(after({ state }), 'back', state);
  assert.equal(
    step({ deployments: [to('2.5.0', { state: 'failed' }), to('2.4.0', { state: 'aborted' })] }),
    'back',
  );
  assert.equal(step({ settled: newer, deployments: [] }), 'none', 'it ran here once');
});

test('the way back leads to what succeeded and was not undone, and never to what is recalled', () => {
  const past = (kind: 'deploy' | 'rollback', version: string, from: string | null, state = 'succeeded') =>
    ({ kind, state, to: release(version), from: from === null ? null : release(from) }) as FormerDeployment;
  const versions = (history: FormerDeployment[]) =>
    lastGood(history, bad).map(({ version }) => version as string);
  assert.deepEqual(versions([]), []);
  assert.deepEqual(versions([past('deploy', '2.4.0', null)]), []);
  assert.deepEqual(
    versions([
      past('deploy', '2.4.0', '2.3.0'),
      past('deploy', '2.3.0', '2.2.0'),
      past('deploy', '2.2.0', null),
    ]),
    ['2.3.0', '2.2.0'],
  );
  assert.deepEqual(versions([past('deploy', '2.4.0', '2.3.0'), past('deploy', '2.3.0', null, 'failed')]), []);
  // Somebody went back from 2.5.0 to what is recalled now.
  const undone = [
    past('rollback', '2.4.0', '2.5.0', 'failed'),
    past('deploy', '2.5.0', '2.4.0'),
    past('deploy', '2.4.0', '2.3.0'),
    past('deploy', '2.3.0', null),
  ];
  assert.deepEqual(versions(undone), ['2.3.0']);
  // And later found that it had been good all the time.
  assert.deepEqual(versions([past('deploy', '2.5.0', '2.4.0'), ...undone]), ['2.5.0', '2.3.0']);
});

test('where it stands follows the deployment, and what ended on its way is looked at again', () => {
  assert.equal(recallStanding('back', 'running', false), 'going-back');
  assert.equal(recallStanding('back', 'succeeded', false), 'back');
  for (const state of ['failed', 'aborted', 'paused', null] as const)
    assert.equal(recallStanding('back', state, false), 'stopped');
  assert.equal(recallStanding('refused', null, false), 'refused');
  assert.equal(recallStanding('refused', null, true), 'lifted');
  assert.ok(isRecallDue('due', null));
  assert.ok(isRecallDue('leaving', 'running'));
  assert.ok(isRecallDue('back', 'superseded'));
  for (const state of ['running', 'succeeded', 'failed', 'aborted'] as const)
    assert.ok(!isRecallDue('back', state), state);
  for (const outcome of ['none', 'refused'] as const) assert.ok(!isRecallDue(outcome, null));
});
