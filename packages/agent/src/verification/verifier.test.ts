import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { HostProbe, ProbeSeen } from '@xylem/core';
import { silentLog } from '@xylem/platform';
import { testClock } from '@xylem/testkit';
import { wakeable } from '../run/wake.ts';
import { hostVerifier } from './verifier.ts';

const answer: ProbeSeen = { kind: 'answered', status: 200, millis: 1, found: null, certificateUntil: null };
const probe = (name: string, more: Partial<HostProbe> = {}): HostProbe => ({
  name,
  of: 'a1'.repeat(8),
  url: `https://${name}.example/`,
  here: true,
  ...more,
});

function bench(t: TestContext, probes: readonly HostProbe[], hangs = (_name: string): boolean => false) {
  const clock = testClock();
  const over = new AbortController();
  const asked: string[] = [];
  const hanging = new Map<string, (seen: ProbeSeen) => void>();
  const state = { probes, changes: 'a', seen: answer, hangs, told: 0 };
  const verifier = hostVerifier({
    probes: () => state.probes,
    changes: () => state.changes,
    ask: ({ name }) => {
      asked.push(name);
      if (!state.hangs(name)) return Promise.resolve(state.seen);
      return new Promise((resolve) => hanging.set(name, resolve));
    },
    looked: wakeable(clock),
    clock,
    randomness: { fraction: () => 0.5 },
    log: silentLog,
    signal: over.signal,
    changed: () => {
      state.told += 1;
    },
  });
  const run = verifier.run();
  t.after(async () => {
    over.abort();
    for (const release of hanging.values()) release(answer);
    await run;
  });
  const count = (name: string): number => asked.filter((one) => one === name).length;
  return { clock, verifier, state, asked, count, hanging };
}

test('a host asks at the pace that is said, more closely while something is wrong, and tells changes alone', async (t) => {
  const { clock, verifier, state, count } = bench(t, [probe('own')]);
  await clock.advance(0);
  assert.deepEqual(
    verifier.reports().map(({ name, state: said, reason }) => [name, said, reason]),
    [['own', 'pass', 'status 200 in 1 ms']],
  );
  assert.deepEqual([count('own'), state.told], [1, 1]);
  await clock.advance(600_000);
  assert.deepEqual([count('own'), state.told], [11, 1], 'every minute, and nothing new to tell');
  state.seen = { ...answer, status: 502 };
  await clock.advance(60_000);
  assert.deepEqual([verifier.reports()[0]?.state, state.told], ['pass', 1]);
  await clock.advance(20_000);
  assert.deepEqual([verifier.reports()[0]?.state, state.told], ['fail', 2], 'seen again 20 s later');
  assert.equal(verifier.reports()[0]?.reason, 'status 502 instead of 200');
});

test('what was changed here is asked about at once, and told though the answer is the same', async (t) => {
  const { clock, verifier, state, count } = bench(t, [probe('own', { everySeconds: 86_400 })]);
  await clock.advance(0);
  const first = verifier.reports()[0]?.at;
  state.changes = 'b';
  verifier.look();
  await clock.advance(1000);
  assert.deepEqual([count('own'), state.told], [2, 2]);
  assert.notEqual(verifier.reports()[0]?.at, first);
  // Changed while it is asked: what comes of it proves nothing.
  state.hangs = () => true;
  state.changes = 'c';
  verifier.look();
  await clock.advance(1000);
  assert.equal(count('own'), 3);
  state.changes = 'd';
  verifier.look();
  await clock.advance(5000);
  assert.equal(count('own'), 3);
});

test('a probe that hangs holds up no other, and no more than four are asked at once', async (t) => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const probes = names.map((name) => probe(name));
  const { clock, verifier, asked, count, hanging } = bench(t, probes, (name) => name !== 'd');
  await clock.advance(0);
  assert.deepEqual(asked, ['a', 'b', 'c', 'd', 'e'], 'the fifth in the place of the one that answered');
  await clock.advance(600_000);
  assert.equal(count('d'), 1, 'while four hang nothing else is asked');
  assert.equal(count('a'), 1);
  hanging.get('a')?.({ kind: 'failed', why: 'no answer within 10 s' });
  await clock.advance(60_000);
  assert.equal(count('d'), 2, 'in the place of the one that is over');
  assert.equal(verifier.reports().find(({ name }) => name === 'a')?.state, 'fail');
});

test('hosts that learn of a probe in the same moment do not ask one address in the same moment', async (t) => {
  const { clock, count } = bench(t, [probe('public', { here: false })]);
  await clock.advance(29_000);
  assert.equal(count('public'), 0);
  await clock.advance(1000);
  assert.equal(count('public'), 1);
});

test('what is no longer to be asked is not told; another definition is asked anew', async (t) => {
  const { clock, verifier, state } = bench(t, [probe('own')]);
  await clock.advance(0);
  state.probes = [probe('own', { of: 'b2'.repeat(8) })];
  assert.deepEqual(verifier.reports(), []);
  verifier.look();
  await clock.advance(0);
  assert.equal(verifier.reports()[0]?.of, 'b2'.repeat(8));
  state.probes = [];
  assert.deepEqual(verifier.reports(), []);
});
