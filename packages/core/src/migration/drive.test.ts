import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DrivingDeployment, driven } from './drive.ts';

const hour = 3_600_000;
const policy = { run: 'with-deployments', contractAfter: '24h' } as const;
const deployment = (state: DrivingDeployment['state'], finishedMs: number | null = null) =>
  ({ kind: 'deploy', state, finishedMs }) as const;
const done = { state: 'done', message: null } as const;
const look = (
  phase: 'expand' | 'backfill' | 'contract',
  at: DrivingDeployment | null,
  more: {
    last?: Parameters<typeof driven>[2];
    frozen?: string;
    nowMs?: number;
    by?: Parameters<typeof driven>[0];
  } = {},
) => driven(more.by ?? policy, { phase }, more.last ?? done, at, more.frozen ?? null, more.nowMs ?? 0);

test('what keeps the way back open goes with its deployment, one step at a time', () => {
  for (const phase of ['expand', 'backfill'] as const) {
    for (const state of ['running', 'succeeded'] as const)
      assert.equal(look(phase, deployment(state)).kind, 'order');
    for (const state of ['paused', 'failed', 'aborted', 'superseded'] as const)
      assert.equal(look(phase, deployment(state)).kind, 'wait', state);
    assert.equal(look(phase, null).kind, 'wait');
    assert.equal(look(phase, { ...deployment('running'), kind: 'rollback' }).kind, 'wait');
    assert.equal(
      look(phase, deployment('running'), { last: { state: 'running', message: null } }).kind,
      'wait',
    );
    assert.equal(look(phase, deployment('running'), { frozen: 'It was frozen.' }).kind, 'wait');
    const stuck = look(phase, deployment('running'), {
      last: { state: 'failed', message: 'It ended with 1.' },
    });
    assert.deepEqual(stuck, { kind: 'stuck', why: 'The last step failed: It ended with 1.' });
  }
});

test('a contract waits for the success of its deployment, for its time, and for a word of policy', () => {
  const at = (nowMs: number) => look('contract', deployment('succeeded', hour), { nowMs });
  assert.equal(look('contract', deployment('running')).kind, 'wait');
  assert.deepEqual(at(24 * hour), {
    kind: 'wait',
    untilMs: 25 * hour,
    why: 'The way back stays open for 24h after the deployment.',
  });
  assert.equal(at(25 * hour).kind, 'order');
  const never = look('contract', deployment('succeeded', 0), {
    nowMs: 1e12,
    by: { run: 'with-deployments' },
  });
  assert.equal(never.kind, 'wait');
});
