import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XylemError } from '@xylem/core';
import type { PlanDetail } from '@xylem/root/contract';
import type { Invocation } from '../../frame/define.ts';
import { watchPlan } from './watch.ts';

const id = 'p-0123456789ab';
const standing = (state: string, succeeded = 0, running = 0) => ({
  state,
  left: 0,
  running,
  succeeded,
  failed: 0,
  soaksUntil: null,
});
const environment = (name: string, waits: object | null = null) => ({ name, waits, back: null });
const plan = (state: string, first: string, second: string, more: object = {}): PlanDetail =>
  ({
    id,
    product: 'shop',
    kind: 'deploy',
    version: '2.0.0',
    state,
    number: 1,
    digest: 'd'.repeat(64),
    environments: [],
    by: 'ann',
    expires: '2026-11-29T00:00:00Z',
    stages: [
      { name: 'few', environments: [environment('a/live')], standing: standing(first) },
      {
        name: 'rest',
        environments: [environment('b/live'), environment('c/live')],
        standing: standing(second),
      },
    ],
    deployments: [],
    next: null,
    ended: null,
    approvals: [],
    ...more,
  }) as unknown as PlanDetail;

/** What a root server answers, one after the other; a fault is one too. */
function watching(...answers: readonly (PlanDetail | XylemError)[]) {
  const lines: string[] = [];
  const notes: string[] = [];
  const left = [...answers];
  const stop = new AbortController();
  let nowMs = 0;
  const invocation = {
    signal: stop.signal,
    api: async () => ({
      call: async () => {
        const answer = left.shift();
        if (answer === undefined) stop.abort();
        if (answer === undefined || answer instanceof XylemError)
          throw answer ?? new XylemError('E_INTERRUPTED', 'gone');
        return answer;
      },
    }),
    clock: {
      monotonicMs: () => nowMs,
      sleep: async (ms: number) => {
        nowMs += ms;
      },
    },
    terminal: {
      line: (text: string) => void lines.push(text),
      note: (text: string) => void notes.push(text),
      progress: () => ({ update: () => undefined, done: () => undefined }),
    },
  } as unknown as Invocation;
  return { invocation, lines, notes };
}
const textOf = ({ text }: Awaited<ReturnType<typeof watchPlan>>): string =>
  (typeof text === 'string' ? text : text()).split('\n').at(-1) ?? '';

test('a plan is followed through all its stages, also over a restart of the root server', async () => {
  const away = new XylemError('E_PARENT_UNREACHABLE', 'The root server does not answer.');
  const done = { deployments: [{ id: 'd-1', environment: { name: 'a/live' }, state: 'succeeded' }] };
  const seen = watching(
    plan('started', 'running', 'waiting'),
    away,
    away,
    plan('started', 'passed', 'running', done),
    plan('started', 'passed', 'running', done),
    plan('finished', 'passed', 'passed', done),
  );
  const outcome = await watchPlan(seen.invocation, id, undefined);
  assert.equal(outcome.exitCode, 0);
  assert.equal(textOf(outcome), `The plan ${id} has finished.`);
  assert.deepEqual(seen.lines, [
    'few has begun: 1 environment',
    'few passed: 0 succeeded, 0 failed',
    'rest has begun: 2 environments',
    'a/live: d-1 is succeeded',
    'rest passed: 0 succeeded, 0 failed',
  ]);
  assert.deepEqual(seen.notes.length, 2, 'it is away, and it is back');
});

test('the exit code says how it ended, and the last line how to go on', async () => {
  const ended = { ended: { by: `plan/${id}`, reason: '1 of 1 environments failed' } };
  const missing = { code: 'E_APPROVAL_MISSING', reason: 'one of person/ann is missing.' };
  const stages = [
    { name: 'few', environments: [environment('a/live', missing)], standing: standing('running') },
  ];
  for (const [last, exitCode, text] of [
    [plan('stopped', 'failed', 'waiting', ended), 9, /was stopped by .*1 of 1 .*xylem plan rollback p-/],
    [plan('paused', 'passed', 'waiting', ended), 5, /waits for a person.*xylem plan resume p-/],
    [plan('started', '', '', { stages }), 5, /waits for an approval/],
    [plan('refused', 'waiting', 'waiting'), 5, /is refused/],
  ] as const) {
    const outcome = await watchPlan(watching(last).invocation, id, undefined);
    assert.deepEqual([outcome.exitCode, text.test(textOf(outcome))], [exitCode, true], textOf(outcome));
  }
});

test('who stops watching leaves the plan running, and is told so', async () => {
  const { invocation } = watching(plan('started', 'running', 'waiting'));
  await assert.rejects(watchPlan(invocation, id, undefined), {
    code: 'E_INTERRUPTED',
    message: /goes on without you.*plan show p-.* --watch/,
  });
  const again = plan('started', 'running', 'waiting');
  await assert.rejects(watchPlan(watching(again, again, again).invocation, id, 4), { code: 'E_TIMEOUT' });
});
