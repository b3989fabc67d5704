import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { DeploymentState } from '../deployment/deployment.ts';
import { timeOf } from '../time.ts';
import { advancePlan, type PlanSeen, type PlanStep } from './advance.ts';
import type { Plan, PlanStage } from './document.ts';
import type { SeenDeployment } from './standing.ts';

const minute = 60_000;
const open: PlanSeen['schedule'] = () => ({ kind: 'open', untilMs: null });

type Rules = Partial<Omit<PlanStage, 'name' | 'environments'>>;
/** Stages `s0`, `s1`, …, each with so many environments `s0/e0`, …. */
const planOf = (stages: readonly (Rules & { readonly count: number })[]): Plan => ({
  format: 'xylem-plan-1',
  product: 'shop',
  kind: 'deploy',
  version: '2.0.0' as never,
  release: 'a'.repeat(64) as never,
  stages: stages.map(({ count, ...rules }, at) => ({
    name: `s${at}`,
    environments: Array.from({ length: count }, (_, index) => ({
      environment: `s${at}/e${index}` as never,
      name: `s${at}/e${index}`,
      facts: 'b'.repeat(64) as never,
    })),
    ...rules,
  })),
});

const was = (state: DeploymentState, more: Partial<SeenDeployment> = {}): SeenDeployment => ({
  id: 'd-1',
  state,
  finishedMs: state === 'running' || state === 'paused' ? null : 0,
  followed: null,
  unwell: 0,
  ...more,
});
const step = (
  plan: Plan,
  seen: Readonly<Record<string, SeenDeployment>>,
  { nowMs = 0, ...more }: Partial<PlanSeen> & { readonly nowMs?: number } = {},
): PlanStep =>
  advancePlan(
    plan,
    { deployments: new Map(Object.entries(seen)), confirmed: 1, schedule: open, ...more },
    nowMs,
  );
const names = (one: PlanStep): string[] =>
  one.kind === 'begin' ? one.environments.map(({ name }) => name).slice(0, one.atMost) : [one.kind];

describe('a plan of several stages', () => {
  it('begins a stage once the one before has succeeded and soaked', () => {
    const plan = planOf([{ count: 2, soakSeconds: 60 }, { count: 1 }]);
    assert.deepEqual(names(step(plan, {})), ['s0/e0', 's0/e1']);
    const one = { 's0/e0': was('succeeded') };
    assert.deepEqual(names(step(plan, one)), ['s0/e1']);
    const both = { ...one, 's0/e1': was('succeeded', { finishedMs: minute }) };
    assert.deepEqual(step(plan, both, { nowMs: minute }), {
      kind: 'wait',
      stage: 0,
      reason: `s0 soaks until ${timeOf(2 * minute)}`,
      untilMs: 2 * minute,
    });
    const sick = { ...both, 's0/e0': was('succeeded', { unwell: 1 }) };
    assert.match(
      (step(plan, sick, { nowMs: 2 * minute }) as { reason: string }).reason,
      /not well in s0\/e0/,
    );
    assert.deepEqual(names(step(plan, both, { nowMs: 2 * minute })), ['s1/e0']);
    assert.equal(step(plan, { ...both, 's1/e0': was('paused') }, { nowMs: 2 * minute }).kind, 'wait');
    assert.deepEqual(step(plan, { ...both, 's1/e0': was('succeeded') }, { nowMs: 2 * minute }), {
      kind: 'finished',
      reason: '3 environments succeeded',
    });
  });

  it('waits for what users see, in each environment where it succeeded', () => {
    const plan = planOf([{ count: 2, verification: { probes: ['front'], seconds: 60 } }, { count: 1 }]);
    const [good, bad] = [was('succeeded'), was('succeeded', { unverified: 'front: status 503' })];
    const reason = (one: PlanStep): string => (one as { reason: string }).reason;
    const seen = { 's0/e0': good, 's0/e1': bad };
    assert.equal(reason(step(plan, seen)), `s0 soaks until ${timeOf(minute)}`);
    assert.equal(reason(step(plan, seen, { nowMs: minute })), 's0 has soaked; s0/e1: front: status 503');
    assert.deepEqual(names(step(plan, { 's0/e0': good, 's0/e1': good }, { nowMs: minute })), ['s1/e0']);
  });

  it('stops at a failure beyond those that it allows, also one that came after success', () => {
    const plan = planOf([{ count: 3, failures: 1, soakSeconds: 60 }, { count: 1 }]);
    const rest = { 's0/e1': was('succeeded'), 's0/e2': was('succeeded') };
    const after = { nowMs: minute };
    assert.deepEqual(names(step(plan, { ...rest, 's0/e0': was('failed') }, after)), ['s1/e0']);
    const two = { ...rest, 's0/e0': was('failed'), 's0/e1': was('aborted') };
    assert.match(
      (step(plan, two) as { reason: string }).reason,
      /^s0 failed, 1 of 3 may: s0\/e0: d-1 failed/,
    );
    const followed = (kind: 'back' | 'other', atMs: number) =>
      was('succeeded', { followed: { kind, id: 'd-9', atMs } });
    const strict = planOf([{ count: 1, soakSeconds: 60 }, { count: 1 }]);
    const left = (one: SeenDeployment) => step(strict, { 's0/e0': one }, { nowMs: 9 * minute }).kind;
    assert.equal(left(followed('back', 5 * minute)), 'stop');
    assert.equal(left(followed('other', minute - 1)), 'stop');
    assert.equal(left(followed('other', minute)), 'begin');
    // Whatever is allowed to fail: what succeeded nowhere goes no further.
    const lenient = planOf([{ count: 1, failures: 9 }, { count: 1 }]);
    const stop = step(lenient, { 's0/e0': was('failed') });
    assert.deepEqual([stop.kind, 'about' in stop && stop.about], ['stop', 'deployments']);
  });

  it('asks, waits for its schedule, and keeps to so many at once', () => {
    const plan = planOf([{ count: 1 }, { count: 10, ask: true, atOnce: '20%' }]);
    const first = { 's0/e0': was('succeeded') };
    assert.equal(step(plan, first).kind, 'ask');
    assert.deepEqual(names(step(plan, first, { confirmed: 2 })), ['s1/e0', 's1/e1']);
    const some = { ...first, 's1/e0': was('running') };
    assert.deepEqual(names(step(plan, some)), ['s1/e1']);
    assert.equal(step(plan, { ...some, 's1/e1': was('running') }).kind, 'wait');
    const later = planOf([{ count: 1, notBefore: timeOf(minute) }]);
    assert.deepEqual(step(later, {}), {
      kind: 'wait',
      stage: 0,
      reason: 's0 begins not before 1970-01-01T00:01:00Z',
      untilMs: minute,
    });
    assert.equal(step(later, {}, { nowMs: minute }).kind, 'begin');
    const closed: PlanSeen['schedule'] = () => ({ kind: 'outside', name: 'night', nextMs: minute });
    assert.deepEqual(step(later, {}, { nowMs: minute, schedule: closed }), {
      kind: 'wait',
      stage: 0,
      reason: `s0 waits for its window night until ${timeOf(minute)}`,
      untilMs: minute,
    });
  });
});

it('whatever happens: in order, nothing twice, never too many at once or beyond what failed', () => {
  const stage = fc.record({
    count: fc.integer({ min: 1, max: 6 }),
    soakSeconds: fc.integer({ min: 0, max: 5 }),
    atOnce: fc.integer({ min: 1, max: 6 }),
    failures: fc.integer({ min: 0, max: 2 }),
  });
  const outcomes: DeploymentState[] = [
    'succeeded',
    'succeeded',
    'succeeded',
    'failed',
    'aborted',
    'superseded',
  ];
  fc.assert(
    fc.property(
      fc.array(stage, { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { minLength: 60, maxLength: 120 }),
      (stages, events) => {
        const plan = planOf(stages);
        const seen = new Map<string, SeenDeployment>();
        const running = () => [...seen].filter(([, { state }]) => state === 'running');
        let nowMs = 0;
        for (const [a, b, isLate] of events) {
          nowMs += isLate ? 700 : 0;
          const asked = { deployments: seen, confirmed: 1, schedule: open };
          const next = advancePlan(plan, asked, nowMs);
          assert.deepEqual(advancePlan(plan, asked, nowMs), next);
          if (next.kind === 'stop' || next.kind === 'finished') {
            const failed = (at: number) =>
              (plan.stages[at]?.environments ?? []).filter(
                ({ environment }) =>
                  !['succeeded', 'running', undefined].includes(seen.get(environment)?.state),
              ).length;
            if (next.kind === 'finished') {
              assert.equal(seen.size, plan.stages.flatMap(({ environments }) => environments).length);
              for (const [at, { failures }] of stages.entries()) assert.ok(failed(at) <= failures);
            }
            return;
          }
          if (next.kind === 'begin') {
            const { atOnce } = stages[next.stage] ?? assert.fail();
            assert.ok(running().length + next.atMost <= atOnce);
            for (const earlier of plan.stages.slice(0, next.stage)) {
              for (const { environment } of earlier.environments) {
                const found = seen.get(environment) ?? assert.fail('an earlier stage has not begun');
                assert.notEqual(found.state, 'running');
                const soakMs = found.state === 'succeeded' ? (earlier.soakSeconds ?? 0) * 1000 : 0;
                assert.ok((found.finishedMs ?? 0) + soakMs <= nowMs);
              }
            }
            const one = next.environments[a % Math.min(next.environments.length, next.atMost)];
            assert.ok(one !== undefined && !seen.has(one.environment));
            seen.set(one.environment, was('running'));
            continue;
          }
          if (running().length === 0) nowMs = next.kind === 'wait' ? (next.untilMs ?? assert.fail()) : nowMs;
          const ended = running()[a % Math.max(1, running().length)];
          if (ended !== undefined)
            seen.set(ended[0], was(outcomes[b % outcomes.length] ?? 'failed', { finishedMs: nowMs }));
        }
      },
    ),
    { numRuns: 150 },
  );
});
