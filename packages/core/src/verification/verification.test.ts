import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lookAfter, steadyMs } from '../deployment/after.ts';
import { parseEnvironmentYaml } from '../yaml/environment.ts';
import { compareProbes, type ProbeBefore, probesBefore } from './compare.ts';
import { definitionOf, type Probe, type ProbeResult, type ProbeSeen, probeDue, resultOf } from './probe.ts';
import { compareReadings } from './readings.ts';

const dayMs = 86_400_000;
const probe: Probe = {
  name: 'front',
  url: 'https://shop.example/health',
  expect: { status: 204, contains: 'ok', maxMillis: 500 },
  certificate: { minimumDays: 14 },
};
const answer = {
  kind: 'answered',
  status: 204,
  millis: 500,
  found: true,
  certificateUntil: 20 * dayMs,
} as const;
const judge = (seen: ProbeSeen, of = probe) => resultOf(of, seen, 0, null);

test('a probe passes with everything that is expected, and says what is missing otherwise', () => {
  assert.deepEqual(judge(answer), {
    name: 'front',
    of: definitionOf(probe),
    state: 'pass',
    reason: 'status 204 in 500 ms, certificate for 20 days',
    since: 0,
    at: 0,
  });
  for (const [seen, state, reason] of [
    [{ ...answer, status: 503 }, 'fail', /status 503 instead of 204/],
    [{ ...answer, found: false }, 'fail', /without the text/],
    [{ ...answer, millis: 501 }, 'fail', /501 ms, and at most 500/],
    [{ ...answer, certificateUntil: 14 * dayMs - 1 }, 'fail', /ends in 13 days, and at least 14/],
    [{ ...answer, certificateUntil: null }, 'fail', /no certificate/],
    [{ kind: 'failed', why: 'CERT_HAS_EXPIRED' }, 'fail', /CERT_HAS_EXPIRED/],
    [{ kind: 'unreached', why: 'ENETUNREACH' }, 'unreached', /ENETUNREACH/],
  ] as const) {
    const result = judge(seen);
    assert.equal(result.state, state);
    assert.match(result.reason, reason);
  }
  const plain = { name: 'plain', url: 'http://shop.example/' };
  assert.equal(judge({ ...answer, status: 200, found: null, certificateUntil: null }, plain).state, 'pass');
  assert.equal(judge({ ...answer, found: null }, plain).state, 'fail', '200 where nothing is said');
});

test('a result lasts since its first sight, and of its own definition', () => {
  const first = resultOf(probe, { kind: 'failed', why: 'x' }, 1000, null);
  const second = resultOf(probe, { kind: 'failed', why: 'y' }, 5000, first);
  assert.deepEqual([second.since, second.at, second.reason], [1000, 5000, 'y']);
  assert.equal(resultOf(probe, answer, 6000, second).since, 6000);
  assert.equal(resultOf({ ...probe, ca: 'other' }, { kind: 'failed', why: 'x' }, 6000, second).since, 6000);
  assert.equal(
    resultOf(probe, { kind: 'failed', why: 'x' }, 500, second).since,
    500,
    'a clock that went back',
  );
  const slow = { ...probe, everySeconds: 3600 };
  assert.equal(definitionOf(slow), definitionOf(probe), 'how often it is asked changes nothing about it');
  const passed = { ...judge(answer), at: 1000 };
  assert.equal(probeDue(slow, null, false), 0);
  assert.equal(probeDue(slow, passed, false), 3_601_000);
  assert.equal(probeDue(slow, passed, true), 21_000);
  assert.equal(probeDue(slow, { ...passed, state: 'fail' }, false), 21_000);
  assert.equal(probeDue({ ...slow, url: 'https://other.example/' }, passed, false), 0);
});

const other: Probe = { name: 'other', url: 'https://other.example/' };
const result = (of: Probe, state: ProbeResult['state'], since: number, at: number): ProbeResult => ({
  name: of.name,
  of: definitionOf(of),
  state,
  reason: 'seen',
  since,
  at,
});
const passedBefore = probesBefore(
  [probe, other],
  [result(probe, 'pass', 0, 900), result(other, 'pass', 0, 900)],
  1000,
);
const compare = (now: readonly ProbeResult[], before: readonly ProbeBefore[] = passedBefore) =>
  compareProbes(before, now, 1000, steadyMs);

test('only what passed before is held against a release, once it has failed for as long as counts', () => {
  const fine = result(other, 'pass', 0, 70_000);
  assert.equal(compare([result(probe, 'fail', 5000, 5000 + steadyMs), fine]).failed, 'front: seen');
  const moment = compare([result(probe, 'fail', 5000, 4999 + steadyMs), fine]);
  assert.deepEqual([moment.failed, moment.isOpen], [null, true]);
  for (const earlier of [
    [result(probe, 'fail', 0, 900)],
    [],
    [{ ...result(probe, 'pass', 0, 900), of: 'another definition' }],
    [result(probe, 'pass', -dayMs, -dayMs)],
  ]) {
    const before = probesBefore([probe], earlier, 1000);
    const { failed, isOpen, unknown, said } = compare([result(probe, 'fail', 0, dayMs)], before);
    assert.deepEqual([failed, isOpen, unknown], [null, false, null]);
    assert.deepEqual(said, ['not counted, as they did not pass before: front']);
  }
  const changed = { ...probe, url: 'https://new.example/' };
  assert.equal(compare([result(changed, 'fail', 0, dayMs)]).failed, null);
});

test('no connection counts only while another probe has one', () => {
  const gone = result(probe, 'unreached', 5000, 5000 + dayMs);
  const both = compare([gone, result(other, 'unreached', 5000, 5000 + dayMs)]);
  assert.deepEqual([both.failed, both.isOpen], [null, false]);
  assert.match(both.unknown ?? '', /its own network/);
  assert.equal(compare([gone, result(other, 'pass', 0, 5000 + steadyMs)]).failed, 'front: seen');
  const since = compare([gone, result(other, 'pass', 0, 4999 + steadyMs)]);
  assert.deepEqual([since.failed, since.isOpen], [null, true], 'it may have been both since');
  assert.equal(compare([gone, result(other, 'pass', 0, 4999)]).failed, null);
});

test('a watch fails by a probe, and does not pass by one that was not asked', () => {
  const watch = {
    since: 1000,
    until: 600_000,
    maxFailed: 0,
    maxUnavailable: 1,
    onFail: 'rollback' as const,
    badSince: null,
    probes: passedBefore,
  };
  const look = (probes: readonly ProbeResult[], at: number) =>
    lookAfter(watch, { eligible: 2, failed: 0, unheard: 0, probes }, at);
  const fine = result(other, 'pass', 0, 600_000);
  const failing = look([result(probe, 'fail', 2000, 62_000), fine], 62_000);
  assert.deepEqual(failing, {
    kind: 'failed',
    reason: 'After it had succeeded a probe fails that had passed before: front: seen.',
  });
  assert.equal(look([result(probe, 'fail', 599_000, 600_000), fine], 600_001).kind, 'watching');
  assert.deepEqual(look([result(probe, 'pass', 0, 600_000), fine], 600_000), {
    kind: 'passed',
    reason: 'The watch ended: 0 hosts of 2 failed; 2 probes pass.',
  });
  assert.deepEqual(look([result(probe, 'pass', 0, 900), fine], 600_000), {
    kind: 'inconclusive',
    reason: 'The watch ended: 0 hosts of 2 failed. Not asked since: front.',
  });
});

test('one probe alone is never enough to blame a release for a network', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: dayMs }), { minLength: 2, maxLength: 2 }), ([a = 0, b = 0]) => {
      const gone = result(probe, 'unreached', Math.min(a, b), Math.max(a, b));
      assert.equal(compare([gone]).failed, null);
    }),
  );
});

test('the YAML of an environment says which probes there are', () => {
  const parse = (verify: readonly object[]) =>
    parseEnvironmentYaml(JSON.stringify({ environment: 'acme/live', policy: { verify } }), 'e.yaml').policy
      .verify;
  assert.deepEqual(parse([probe]), [probe]);
  for (const [wrong, message] of [
    [{ ...probe, url: 'https://name@shop.example/' }, /verify\[0\]\.url/],
    [{ ...probe, url: 'ftp://shop.example/' }, /verify\[0\]\.url/],
    [{ ...probe, url: 'http://shop.example/' }, /expected https/],
    [{ ...probe, url: 'https://:/' }, /expected an address/],
    [{ ...probe, ca: 'no' }, /certificates in PEM/],
    [{ ...probe, everySeconds: 1 }, /from 10 to 86400/],
    [{ ...probe, expect: { matches: '(a+)+$' } }, /matches/],
  ] as const)
    assert.throws(() => parse([wrong]), message);
  assert.throws(() => parse([probe, probe]), /there is a probe of this name already/);
});

test('figures stand side by side, and what is missing makes no ratio', () => {
  const before = [
    { name: 'errors', seconds: 600, bad: 6, all: 600 },
    { name: 'quiet', seconds: 600, bad: 0, all: 0 },
    { name: 'gone', fault: 'no answer' },
  ];
  const after = [
    { name: 'errors', seconds: 300, bad: 9, all: 450 },
    { name: 'quiet', seconds: 300, bad: 1, all: 10 },
    { name: 'gone', seconds: 300, bad: 1, all: 10 },
  ];
  const [errors, quiet, gone] = compareReadings(before, after);
  assert.deepEqual(errors, {
    name: 'errors',
    before: { seconds: 600, bad: 6, all: 600 },
    after: { seconds: 300, bad: 9, all: 450 },
    errors: 2,
    load: 1.5,
    fault: null,
  });
  assert.deepEqual([quiet?.errors, quiet?.load], [null, null]);
  assert.deepEqual([gone?.before, gone?.load, gone?.fault], [null, null, 'no answer']);
  assert.deepEqual(compareReadings(before, null)[0]?.after, null);
});
