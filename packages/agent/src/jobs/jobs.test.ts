import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Job, JobOrder, JobReport, JobResult } from '@xylem/core';
import { testMain } from '@xylem/testkit';
import type { SlotPlan } from '../converge/steps.ts';
import type { ObservedSlot } from '../slot/observed.ts';
import { committed, type JobHost, jobHost, jobOrder, jobPackage } from '../testing/job-bench.ts';
import { cleanUp, temporaryFolder } from '../testing/state-folder.ts';
import { waitFor } from '../testing/wait-for.ts';
import { sizeOf, tailOf } from './collect.ts';
import { mayBegin } from './may-begin.ts';
import { type JobStanding, reportedJobs } from './record.ts';

async function bench(t: TestContext, jobs: Readonly<Record<string, Omit<Job, 'command'>>>) {
  const folder = await temporaryFolder(t);
  const state = join(folder, 'state');
  const told = join(folder, 'told');
  await writeFile(told, '');
  const placed = jobPackage(told, jobs);
  let orders: readonly JobOrder[] = [];
  let slots: ReadonlyMap<string, ObservedSlot> = new Map([['web', committed(placed)]]);
  let host: JobHost | null = null;
  cleanUp(t, () => host?.end());
  const start = async (): Promise<void> => {
    await host?.end();
    host = await jobHost(
      state,
      placed,
      () => orders,
      () => slots,
    );
  };
  const reportOf = (id: string): JobReport | undefined =>
    host?.runner.reports().find((one) => one.id === jobOrder(placed, '', id).id);
  return {
    state,
    placed,
    start,
    host: () => host as unknown as JobHost,
    order: (...given: (readonly [string, string])[]) => {
      orders = given.map(([job, id]) => jobOrder(placed, job, id));
      host?.runner.look();
      return orders;
    },
    see: (given: ReadonlyMap<string, ObservedSlot>) => {
      slots = given;
      host?.runner.look();
    },
    reportOf,
    standing: (id: string, state: JobReport['state']): Promise<JobReport> =>
      waitFor(`${id} ${state}`, () => {
        const found = reportOf(id);
        return found?.state === state ? found : null;
      }),
    ended: (id: string): Promise<JobResult> =>
      waitFor(`the end of ${id}`, () => reportOf(id)?.result ?? null),
    told: async (): Promise<(string | number)[][]> =>
      (await readFile(told, 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as (string | number)[]),
  };
}

const isAlive = async (pid: number): Promise<boolean> =>
  !/^State:\s+Z/m.test(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State: Z'));

test('a job that passes is run once, with its JUnit file and its logs, in a folder that goes with it', async (t) => {
  const host = await bench(t, {
    'says junit logs': { junit: 'junit.xml', logs: ['out/trace.txt', 'none.log'] },
  });
  await host.start();
  host.order(['says junit logs', 'a']);
  const result = await host.ended('a');
  assert.deepEqual([result.outcome, result.exitCode, result.output.text], ['passed', 0, 'hello\n']);
  assert.deepEqual(result.junit?.summary, { tests: 2, failures: 0, errors: 0, skipped: 0, failed: [] });
  assert.match(result.junit?.text ?? '', /^<testsuite name="s">/);
  assert.deepEqual(result.logs, [{ path: 'out/trace.txt', kept: { text: 'trace\n', sizeBytes: 6 } }]);
  const [first] = await host.told();
  assert.deepEqual(first?.slice(0, 2), ['says junit logs', 'a'.repeat(32)]);
  await assert.rejects(access(String(first?.[2])), 'its folder is gone');
  await host.start();
  assert.deepEqual(await host.ended('a'), result, 'told again after a new start');
  host.order();
  await waitFor('the order to be forgotten', () => host.host().runner.reports().length === 0);
  host.order(['says junit logs', 'a']);
  assert.deepEqual(
    await host.ended('a'),
    result,
    'a restored root server that gives it again hears the same',
  );
  assert.equal((await host.told()).length, 1);
});

const failing: Readonly<Record<string, readonly [Omit<Job, 'command'>, Partial<JobResult>, RegExp]>> = {
  'says three': [
    {},
    { outcome: 'failed', exitCode: 3, code: 'E_JOB_FAILED' },
    /ended with 3\. It said: hello/,
  ],
  'tests-fail': [
    { junit: 'junit.xml' },
    { outcome: 'failed', exitCode: 0, code: 'E_JOB_FAILED' },
    /1 of 2 tests failed\. The first: pays/,
  ],
  nothing: [
    { junit: 'junit.xml' },
    { outcome: 'failed', exitCode: 0, code: 'E_JUNIT_INVALID' },
    /was not written/,
  ],
  link: [
    { junit: 'junit.xml' },
    { outcome: 'failed', exitCode: 0, code: 'E_JUNIT_INVALID' },
    /was not written/,
  ],
  'folder-elsewhere': [
    { junit: 'out/passwd' },
    { outcome: 'failed', exitCode: 0, code: 'E_JUNIT_INVALID' },
    /was not written/,
  ],
};
test('a job that ends with another code, whose tests failed or whose JUnit file is not its own has failed', async (t) => {
  const host = await bench(
    t,
    Object.fromEntries(Object.entries(failing).map(([name, [job]]) => [name, job])),
  );
  await host.start();
  const names = Object.keys(failing);
  host.order(...names.map((name, i) => [name, String(i)] as const));
  for (const [i, name] of names.entries()) {
    const result = await host.ended(String(i));
    const [, expected, message] = failing[name] ?? [{}, {}, /./];
    assert.partialDeepStrictEqual(result, expected, name);
    assert.match(result.message ?? '', message);
  }
});

test('when its time is over all that came from it is ended, and so is what it leaves', async (t) => {
  const host = await bench(t, { hang: { timeoutMs: 1_500 }, leaves: {} });
  await host.start();
  host.order(['hang', 'a'], ['leaves', 'b']);
  const late = await host.ended('a');
  assert.deepEqual([late.outcome, late.exitCode], ['timed-out', null]);
  assert.match(late.message ?? '', /did not end in 1500 ms/);
  assert.equal((await host.ended('b')).outcome, 'passed');
  const pids = (await host.told()).map((line) => Number(line.at(-1)));
  assert.equal(pids.length, 4);
  for (const pid of pids) await waitFor(`the end of ${pid}`, async () => !(await isAlive(pid)));
});

test('of what it prints the end is kept, whatever it prints', async (t) => {
  const host = await bench(t, { chatter: {} });
  await host.start();
  host.order(['chatter', 'a']);
  const { output } = await host.ended('a');
  assert.ok(sizeOf(output.text) <= 64 * 1024);
  assert.ok(output.sizeBytes > 700_000, `${output.sizeBytes}`);
  assert.match(output.text, /"line"\uFFFD 59999\n$/);
  for (const text of ['\u0000'.repeat(99), '"'.repeat(99), '\uD800'.repeat(99), '🌳'.repeat(99)])
    assert.ok(sizeOf(tailOf(text, 64)) <= 64 && tailOf(text, 64).length > 8);
});

test('an agent that is killed while a job runs says so once, ends it, and never runs it again', async (t) => {
  const host = await bench(t, { hang: {}, says: {} });
  const orders = host.order(['hang', 'a'], ['says', 'b']);
  const given = join(host.state, '..', 'given.json');
  await writeFile(given, JSON.stringify({ placed: host.placed, orders }));
  const main = testMain(new URL('../testing/job-main.ts', import.meta.url));
  const agent = spawn(process.execPath, [main, host.state, given], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  cleanUp(t, () => agent.kill('SIGKILL'));
  await waitFor('the job and its child', async () => (await host.told()).length === 2);
  const pids = (await host.told()).map((line) => Number(line.at(-1)));
  agent.kill('SIGKILL');
  await once(agent, 'exit');
  await host.start();
  const result = await host.ended('a');
  assert.deepEqual([result.outcome, result.code], ['interrupted', 'E_JOB_INTERRUPTED']);
  assert.match(result.message ?? '', /went down while it ran/);
  assert.equal((await host.ended('b')).outcome, 'passed');
  for (const pid of pids) await waitFor(`the end of ${pid}`, async () => !(await isAlive(pid)));
  await host.start();
  assert.deepEqual(await host.ended('a'), result);
  assert.deepEqual(
    (await host.told()).map(([what]) => what),
    ['hang', 'child', 'says'],
  );
  assert.deepEqual(
    (await readdir(join(host.state, 'jobs'))).sort(),
    orders.map(({ id }) => `${id}.json`).sort(),
  );
});

const plan = (action: SlotPlan['action']): SlotPlan => ({
  component: 'web',
  kind: 'files',
  action,
  target: null,
  isReturn: false,
  outgoing: null,
  steps: [],
  drift: null,
});

test('a change of the component ends its job, a repair does not, and nothing begins beside either', async (t) => {
  const host = await bench(t, { hang: {}, says: {} });
  await host.start();
  host.order(['hang', 'a']);
  await waitFor('the job and its child', async () => (await host.told()).length === 2);
  const { aside } = host.host().runner;
  aside.begin(plan('repair'));
  await aside.touch(plan('repair'));
  aside.end(plan('repair'));
  assert.equal(host.reportOf('a')?.state, 'running');
  aside.begin(plan('update'));
  await aside.touch(plan('update'));
  assert.match((await host.ended('a')).message ?? '', /web was changed while it ran/);
  host.order(['hang', 'a'], ['says', 'b']);
  assert.match((await host.standing('b', 'waiting')).message ?? '', /just being changed/);
  aside.end(plan('update'));
  assert.equal((await host.ended('b')).outcome, 'passed');
});

test('an order that is taken back ends what runs for it', async (t) => {
  const host = await bench(t, { hang: {} });
  await host.start();
  host.order(['hang', 'a']);
  await waitFor('the job and its child', async () => (await host.told()).length === 2);
  const pids = (await host.told()).map((line) => Number(line.at(-1)));
  host.order();
  for (const pid of pids) await waitFor(`the end of ${pid}`, async () => !(await isAlive(pid)));
  await waitFor('nothing to say', () => host.host().runner.reports().length === 0);
});

test('an order waits for the package that it is meant for, and one for no job of it is refused', async (t) => {
  const host = await bench(t, { says: {} });
  const slot = committed(host.placed);
  host.see(new Map());
  await host.start();
  host.order(['says', 'a'], ['none', 'b']);
  assert.equal((await host.standing('a', 'waiting')).code, 'E_JOB_WAITS');
  host.see(new Map([['web', slot]]));
  assert.equal((await host.ended('a')).outcome, 'passed');
  const { outcome, code } = await host.ended('b');
  assert.deepEqual([outcome, code], ['refused', 'E_JOB_REFUSED']);
  const order = { ...jobOrder(host.placed, 'says', 'c'), package: 'f'.repeat(64) as JobOrder['package'] };
  assert.equal(mayBegin(order, slot).kind, 'wait');
  const asService = {
    ...slot,
    record: { ...slot.record, installed: { ...host.placed, kind: 'service' } },
  } as ObservedSlot;
  assert.equal(mayBegin(jobOrder(host.placed, 'says', 'c'), asService).kind, 'wait');
  assert.equal(mayBegin({ ...jobOrder(host.placed, 'says', 'c'), stopped: true }, asService).kind, 'run');
  assert.equal(mayBegin(jobOrder(host.placed, 'says', 'c'), { ...slot, trees: [] }).kind, 'wait');
});

test('results that one report does not hold come with a later one, none is lost', () => {
  const placed = jobPackage('/told', {});
  const result = (text: string): JobResult => ({
    outcome: 'passed',
    exitCode: 0,
    seconds: 1,
    output: { text, sizeBytes: text.length },
  });
  const standings = ['a', 'b', 'c'].map(
    (id, i): JobStanding => ({
      kind: 'ended',
      order: jobOrder(placed, 'says', id),
      since: `2026-11-21T03:00:0${9 - i}Z`,
      result: result('x'.repeat(200_000)),
    }),
  );
  const has = (given: readonly JobStanding[]): boolean[] =>
    reportedJobs(given).map((one) => one.result !== undefined);
  assert.deepEqual(has(standings), [false, true, true]);
  assert.deepEqual(has(standings.slice(0, 1)), [true]);
  const [, first, second] = standings as [JobStanding, JobStanding, JobStanding];
  const ahead = { ...first, order: jobOrder(placed, 'preflight', 'e'), since: '2026-11-20T03:00:00Z' };
  assert.deepEqual(has([ahead, first, second]), [false, true, true], 'what stands for days tells last');
  const running: JobStanding = {
    kind: 'running',
    order: jobOrder(placed, 'says', 'd'),
    since: '2026-11-21T03:00:00Z',
  };
  assert.deepEqual(
    reportedJobs([running]).map(({ state }) => state),
    ['running'],
  );
});
