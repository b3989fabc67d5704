import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Deployment } from '@xylem/root/contract';
import type { Invocation } from '../../frame/define.ts';
import { canaryText } from './canary-text.ts';
import { watchDeployments } from './watch.ts';

const deployment = (state: string, done: number): Deployment =>
  ({
    id: 'd-1',
    product: 'shop',
    environment: { id: 'e', name: 'acme/production' },
    state,
    progress: { done, eligible: 2, updating: 2 - done, waiting: 0, failed: 0 },
  }) as unknown as Deployment;

/** The answers of a root server, one after the other; what is said meanwhile. */
function watching(answers: readonly object[], { signal } = new AbortController()) {
  const lines: string[] = [];
  const progress: string[] = [];
  const left = [...answers];
  let nowMs = 0;
  const invocation = {
    api: async () => ({
      call: async () => {
        signal.throwIfAborted();
        nowMs += 1000;
        return left.shift() ?? { deployment: deployment('running', 1), events: [] };
      },
    }),
    clock: { monotonicMs: () => nowMs },
    signal,
    terminal: {
      line: (text: string) => void lines.push(text),
      progress: (label: string) => ({
        update: (state: string) => void progress.push(`${label}: ${state}`),
        done: (state: string) => void progress.push(`${label}: ${state}`),
      }),
    },
  } as unknown as Invocation;
  return { invocation, lines, progress };
}
const event = (sequence: number, kind: string, message: string) => ({ sequence, kind, message });

describe('deploy --watch', () => {
  it('says each thing once, and none of the machinery', async () => {
    const { invocation, lines, progress } = watching([
      {
        deployment: deployment('running', 1),
        events: [
          event(1, 'progress', '1 of 2 done, 1 updating.'),
          event(2, 'threshold', 'The threshold moved.'),
          event(3, 'admit', '1 host admitted.'),
        ],
      },
      {
        deployment: deployment('succeeded', 2),
        events: [event(4, 'progress', '2 hosts run it.'), event(5, 'end', '2 hosts run it.')],
      },
    ]);
    const [ended] = await watchDeployments(invocation, [deployment('running', 0)], undefined);
    assert.equal(ended?.state, 'succeeded');
    assert.deepEqual(
      lines,
      ['1 of 2 done, 1 updating.', '1 host admitted.', '2 hosts run it.'].map(
        (message) => `acme/production shop: ${message}`,
      ),
    );
    assert.equal(progress.at(-1), 'acme/production shop: 2 of 2 done, 0 updating, 0 waiting, 0 failed');
  });

  it('says where a canary stands, and what the evidence comes to', () => {
    const standing = { step: 2, steps: 3, exposed: 10, bakingUntil: '2026-11-22T01:30:00Z' };
    const canary = (evidence: number, onFail: string, state = 'running') =>
      canaryText({
        ...deployment(state, 1),
        strategy: { kind: 'canary', onFail },
        canary: { ...standing, evidence, threshold: 100 },
      } as unknown as Deployment);
    const where = 'step 2 of 3, 10 hosts exposed, baking until 2026-11-22T01:30:00Z';
    assert.equal(canary(1, 'rollback'), `${where}; no sign of harm so far`);
    assert.equal(
      canary(12.34, 'rollback', 'paused'),
      `${where}; evidence of harm 12 of 100, at which it goes back by itself`,
    );
    assert.match(canary(12.34, 'stop') ?? '', /12 of 100, at which it stops where it is$/);
    assert.equal(canary(12.34, 'stop', 'succeeded'), null);
  });

  it('gives up in time, saying how far it is', async () => {
    const { invocation } = watching([]);
    await assert.rejects(watchDeployments(invocation, [deployment('running', 1)], 3), {
      code: 'E_TIMEOUT',
      message: /still running.*1 of 2 done/,
    });
  });

  it('is left without ending what it followed', async () => {
    const leaving = new AbortController();
    leaving.abort(new Error('the request was cut off'));
    const { invocation } = watching([], leaving);
    await assert.rejects(watchDeployments(invocation, [deployment('running', 1)], undefined), {
      code: 'E_INTERRUPTED',
      message: /1 deployment goes on without you.*xylem deployment show d-1 --watch/,
    });
  });
});
