import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { timeOf } from '../time.ts';
import { advancePlan, type PlanSeen, type PlanStep } from './advance.ts';
import { type Plan, type PlanStage, parsePlan } from './document.ts';
import type { SeenDeployment } from './standing.ts';
import type { SeenTestRun, SeenTests } from './tests-look.ts';

const minute = 60_000;
const smoke = { component: 'shop-api', job: 'smoke' };

/** A stage of two environments that is tested, and one after it. */
const planOf = (
  tests: PlanStage['tests'],
  { second, ...rules }: Partial<PlanStage> & { readonly second?: PlanStage['tests'] } = {},
): Plan => {
  const environments = (...names: string[]) =>
    names.map((name) => ({
      environment: name as never,
      name: `acme/${name}`,
      facts: 'b'.repeat(64) as never,
    }));
  return {
    format: 'xylem-plan-1',
    product: 'shop',
    kind: 'deploy',
    version: '2.0.0' as never,
    release: 'a'.repeat(64) as never,
    stages: [
      {
        name: 'staging',
        environments: environments('a', 'b'),
        ...(tests === undefined ? {} : { tests }),
        ...rules,
      },
      {
        name: 'production',
        environments: environments('live'),
        ...(second === undefined ? {} : { tests: second }),
      },
    ],
  };
};

const done = (more: Partial<SeenDeployment> = {}): SeenDeployment => ({
  id: 'd-1',
  state: 'succeeded',
  finishedMs: 0,
  followed: null,
  unwell: 0,
  ...more,
});
const both = { a: done(), b: done() };

let drawn = 0;
const run = (environment: string, state: string, more: Partial<SeenTestRun> = {}): SeenTestRun => {
  drawn += 1;
  const id = drawn.toString(16).padStart(32, '0');
  const host = { id: `h-${environment}`, name: `web-${environment}`, isGone: false };
  return { id, environment, ...smoke, host, state, orderedMs: 0, isOwn: true, ...more };
};
const on = (name: string, isGone = false) => ({ host: { id: `h-${name}`, name, isGone } });

/** @param runs in the order in which they were ordered */
const step = (
  plan: Plan,
  runs: readonly SeenTestRun[],
  {
    nowMs = 0,
    deployments = both as Record<string, SeenDeployment>,
    ...tests
  }: Partial<SeenTests> & {
    readonly nowMs?: number;
    readonly deployments?: Readonly<Record<string, SeenDeployment>>;
  } = {},
): PlanStep => {
  const seen: PlanSeen = {
    deployments: new Map(Object.entries(deployments)),
    confirmed: 1,
    tests: new Map([[0, { begunMs: 0, passedMs: null, runs: [...runs].reverse(), ...tests }]]),
    schedule: () => ({ kind: 'open', untilMs: null }),
  };
  const found = advancePlan(plan, seen, nowMs);
  assert.deepEqual(advancePlan(plan, seen, nowMs), found);
  return found;
};
const said = (one: PlanStep): string => ('reason' in one ? one.reason : one.kind);
const orders = (one: PlanStep): string[] =>
  one.kind === 'test'
    ? one.orders.map(({ environment, jobs }) => `${environment.name} ${jobs.length}`)
    : [one.kind];

describe('the tests of a stage', () => {
  const plan = planOf({ jobs: [smoke], withinSeconds: 1800 });

  it('are ordered once its deployments are done and it has soaked, and only of what succeeded', () => {
    const soaking = planOf({ jobs: [smoke] }, { soakSeconds: 60 });
    assert.equal(step(plan, [], { deployments: { a: done() }, begunMs: null }).kind, 'begin');
    const running = { a: done(), b: done({ state: 'running', finishedMs: null }) };
    assert.equal(step(plan, [], { deployments: running, begunMs: null }).kind, 'wait');
    assert.match(said(step(soaking, [], { nowMs: minute - 1, begunMs: null })), /staging soaks until/);
    assert.deepEqual(orders(step(soaking, [], { nowMs: minute, begunMs: null })), ['acme/a 1', 'acme/b 1']);
    const lenient = planOf({ jobs: [smoke] }, { failures: 1 });
    const half = { a: done({ state: 'failed' }), b: done() };
    assert.deepEqual(orders(step(lenient, [], { deployments: half, begunMs: null })), ['acme/b 1']);
    assert.deepEqual(
      orders(step(plan, [run('a', 'ordered')])),
      ['acme/b 1'],
      'what was ordered is not ordered again',
    );
    assert.deepEqual(step(plan, [run('a', 'running'), run('b', 'passed')], { nowMs: minute }), {
      kind: 'wait',
      stage: 0,
      reason: `staging: waits for tests until ${timeOf(30 * minute)}: smoke of shop-api on web-a in acme/a`,
      untilMs: 30 * minute,
    });
    const sick = { a: done({ unwell: 1 }), b: done() };
    const passed = [run('a', 'passed'), run('b', 'passed')];
    assert.match(
      said(step(soaking, passed, { nowMs: minute, deployments: sick })),
      /hosts are not well in acme\/a/,
    );
  });

  it('let the next stage begin when all of them have passed, and stay passed', () => {
    const passed = [run('a', 'passed'), run('b', 'passed')];
    const next = step(plan, passed);
    assert.deepEqual([next.kind, 'stage' in next && next.stage], ['begin', 1]);
    assert.equal(step(plan, [run('a', 'passed'), run('b', 'lost')], { nowMs: minute }).kind, 'ask');
    assert.equal(step(plan, [...passed, run('a', 'failed')], { passedMs: 1 }).kind, 'begin');
    const moved = { a: done({ followed: { kind: 'other', id: 'd-9', atMs: minute } }), b: done() };
    assert.equal(step(plan, passed, { passedMs: 1, deployments: moved }).kind, 'begin');
    assert.match(
      said(step(plan, passed, { deployments: moved })),
      /acme\/a: d-9 came before its tests had passed/,
    );
  });

  it('ask where one did not pass, or go back where the stage says so', () => {
    const failed = run('b', 'failed');
    const runs = [run('a', 'passed'), failed];
    const asks = step(plan, runs);
    assert.deepEqual(asks, {
      kind: 'ask',
      stage: 0,
      about: 'tests',
      code: 'E_TESTS_FAILED',
      reason: `staging: smoke of shop-api failed on web-b in acme/b (\`xylem job show ${failed.id.slice(0, 12)}\`)`,
    });
    assert.match(said(step(plan, [run('a', 'timed-out'), run('b', 'running')])), /timed out on web-a/);
    for (const onFail of ['rollback', 'rollback-plan'] as const) {
      const stops = step(planOf({ jobs: [smoke] }, { onFail }), runs);
      assert.deepEqual([stops.kind, 'about' in stops && stops.about], ['stop', 'tests']);
      assert.match(said(stops), /^staging failed: smoke of shop-api failed on web-b .* \(E_TESTS_FAILED\)$/);
    }
    assert.equal(step(planOf({ jobs: [smoke] }, { onFail: 'stop' }), runs).kind, 'ask');
  });

  it('take the newest run of each host, also that of a person', () => {
    const failed = [run('a', 'passed'), run('b', 'failed')];
    const again = (state: string, orderedMs = 5 * minute) => run('b', state, { isOwn: false, orderedMs });
    assert.equal(step(plan, [...failed, again('running')], { nowMs: 5 * minute }).kind, 'wait');
    assert.equal(step(plan, [...failed, again('passed')]).kind, 'begin');
    assert.match(said(step(plan, [...failed, again('lost')])), /failed on web-b/);
    assert.match(said(step(plan, [...failed, again('running')], { nowMs: 35 * minute })), /failed on web-b/);
    const elsewhere = run('b', 'passed', { isOwn: false, ...on('other') });
    assert.match(
      said(step(plan, [...failed, elsewhere])),
      /failed on web-b/,
      'another host mends no failure',
    );
    const gone = [run('a', 'passed'), run('b', 'lost', on('web-b', true))];
    assert.equal(step(plan, gone).kind, 'ask');
    assert.equal(step(plan, [...gone, elsewhere]).kind, 'begin');
  });

  it('never pass without a result, whatever became of it', () => {
    const without = (runs: readonly SeenTestRun[], nowMs = minute) =>
      step(plan, [run('a', 'passed'), ...runs], { nowMs });
    for (const state of ['lost', 'interrupted', 'refused']) {
      const asks = without([run('b', state)]);
      assert.deepEqual([asks.kind, 'code' in asks && asks.code], ['ask', 'E_TESTS_MISSING'], state);
      assert.match(
        said(asks),
        /no result of smoke of shop-api in acme\/b \(`xylem job run shop-api smoke --in acme\/b`\)/,
      );
    }
    assert.equal(without([run('b', 'running')], 30 * minute - 1).kind, 'wait');
    assert.equal(without([run('b', 'running')], 30 * minute).kind, 'ask');
    assert.equal(without([run('b', 'passed')], 90 * minute).kind, 'begin', 'a late result counts');
    assert.deepEqual(
      orders(without([], 30 * minute - 1)),
      ['acme/b 1'],
      'where it could not be ordered it is tried',
    );
    assert.equal(without([], 30 * minute).kind, 'ask');
    assert.equal(without([run('b', 'passed', { isOwn: false })], 30 * minute).kind, 'begin');
    const strict = planOf({ jobs: [smoke], onNoData: 'stop' });
    assert.match(
      said(step(strict, [run('a', 'passed'), run('b', 'lost')])),
      /staging failed: no result .*E_TESTS_MISSING/,
    );
  });

  it('want as many hosts as were ordered, but for those that are gone', () => {
    const wide = planOf(
      { jobs: [{ ...smoke, hosts: 'all' }] },
      { environments: planOf(undefined).stages[1]?.environments ?? [] },
    );
    const all = (...states: readonly (readonly [string, boolean?])[]) =>
      step(
        { ...wide, stages: wide.stages.slice(0, 1) },
        states.map(([state, isGone = false], at) => run('live', state, on(`web-${at}`, isGone))),
        { deployments: { live: done() }, nowMs: minute },
      ).kind;
    assert.equal(all(['passed'], ['passed'], ['passed']), 'finished');
    assert.equal(all(['passed'], ['passed'], ['lost']), 'ask');
    assert.equal(all(['passed'], ['passed'], ['lost', true]), 'finished');
    assert.equal(all(['passed'], ['passed'], ['failed', true]), 'ask');
    assert.equal(all(['lost', true], ['lost', true]), 'ask');
  });

  it('are no part of an undeploy, and named once', () => {
    const bytes = (of: Plan) => {
      const stages = of.stages.map((stage, at) => ({
        ...stage,
        environments: stage.environments.map((one, index) => ({
          ...one,
          environment: `${at}${index}`.repeat(16),
        })),
      }));
      return Buffer.from(JSON.stringify({ ...of, stages }));
    };
    assert.throws(
      () => parsePlan(bytes({ ...plan, kind: 'undeploy', version: null, release: null })),
      /only a deploy is followed by tests/,
    );
    assert.throws(
      () => parsePlan(bytes(planOf({ jobs: [smoke, { ...smoke, hosts: 2 }] }))),
      /smoke of shop-api is named twice/,
    );
    assert.throws(
      () => parsePlan(bytes(planOf({ jobs: [{ ...smoke, where: 'role =' }] }))),
      /not a selector/,
    );
  });
});
