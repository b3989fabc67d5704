import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AfterWatch, lookAfter, mostFailing, steadyMs } from '../deployment/after.ts';
import type { HostProbe } from '../wire/probes.ts';
import { parseEnvironmentYaml } from '../yaml/environment.ts';
import { parseLocalPolicy } from '../yaml/local-policy.ts';
import { compareOnHosts, type HostWord, passedOn } from './on-hosts.ts';
import { definitionOf, type ProbeSeen, type ProbeState } from './probe.ts';
import { isSince, type ProbeStanding, pauseAfter, standingAfter } from './standing.ts';

const own = { name: 'own', of: 'a1'.repeat(8) };
const probe: HostProbe = { ...own, url: 'https://shop.example/health' };

const word = (host: number, state: ProbeState | null, more: Partial<HostWord> = {}): HostWord => ({
  host: String(host),
  isHeard: true,
  changed: 1000,
  results: state === null ? [] : [{ ...own, state, reason: `${state} on ${host}`, since: 5000, at: 5000 }],
  ...more,
});

test('a host says another state once it was seen twice in a row, and since when', () => {
  const good: ProbeSeen = {
    kind: 'answered',
    status: 200,
    millis: 3,
    found: null,
    certificateUntil: null,
  };
  const bad: ProbeSeen = { ...good, status: 502 };
  let standing: ProbeStanding | null = null;
  let at = 0;
  const see = (seen: ProbeSeen): unknown => {
    at += 1000;
    standing = standingAfter(probe, seen, at, standing);
    const { said, doubt } = standing;
    return [said.state, said.since, said.at, doubt?.state ?? null];
  };
  assert.deepEqual(see(good), ['pass', 1000, 1000, null], 'the first word counts at once');
  assert.deepEqual(see(good), ['pass', 1000, 2000, null]);
  assert.deepEqual(see(bad), ['pass', 1000, 2000, 'fail']);
  assert.deepEqual(see(good), ['pass', 1000, 4000, null], 'one lost answer is not said');
  assert.deepEqual(see(bad), ['pass', 1000, 4000, 'fail']);
  assert.deepEqual(see({ kind: 'unreached', why: 'x' }), ['pass', 1000, 4000, 'unreached']);
  assert.deepEqual(see({ kind: 'unreached', why: 'x' }), ['unreached', 6000, 7000, null]);
  const before = standing as unknown as ProbeStanding;
  assert.equal(pauseAfter(probe, before), 20_000);
  assert.equal(pauseAfter({ ...probe, everySeconds: 10 }, before), 10_000);
  const other = standingAfter({ ...probe, of: 'b2'.repeat(8) }, bad, 9000, before);
  assert.deepEqual([other.said.state, other.said.since], ['fail', 9000], 'another definition begins anew');
  assert.equal(pauseAfter(probe, standingAfter(probe, good, 9000, null)), 60_000);
});

test('a host counts where the probe passed before and fails now, asked since it changed something', () => {
  const before = passedOn(own, [
    ...[1, 2, 3, 4, 5, 6].map((host) => word(host, 'pass')),
    word(7, 'fail'),
    word(8, 'pass', { isHeard: false }),
  ]);
  assert.deepEqual(before.passed, ['1', '2', '3', '4', '5', '6']);
  const other = { ...own, name: 'other', state: 'pass' as const, reason: '', since: 0, at: 5000 };
  const unreached = word(4, 'unreached');
  const { seen, failing } = compareOnHosts(before, [
    word(1, 'pass'),
    word(2, 'fail'),
    word(3, 'fail', { changed: 5999 }),
    { ...unreached, results: [...unreached.results, other] },
    word(5, 'unreached'),
    word(6, 'fail', { isHeard: false }),
    word(7, 'fail'),
    word(8, 'fail'),
  ]);
  assert.deepEqual(failing, ['2', '4']);
  assert.deepEqual(seen, {
    name: 'own',
    asked: 8,
    held: 6,
    failing: 2,
    unknown: 3,
    reason: 'fail on 2',
  });
  assert.ok(!isSince(5999, 5000));
  assert.ok(isSince(6000, 5999));
  const elsewhere = { ...before, of: 'b2'.repeat(8) };
  assert.equal(
    compareOnHosts(elsewhere, [word(1, 'fail')]).seen.failing,
    0,
    'another definition is not compared',
  );
});

const watch: AfterWatch = {
  since: 0,
  until: 600_000,
  maxFailed: null,
  maxUnavailable: '10%',
  onFail: 'rollback',
  badSince: null,
};
const onHosts = (asked: number, failing: number, unknown = 0) => ({
  eligible: 1000,
  failed: failing,
  unheard: 0,
  onHosts: [{ name: 'own', asked, held: asked, failing, unknown, reason: 'status 502 instead of 200' }],
});

test('a probe that fails on one of a thousand hosts is no failure of them all; on too many of those that ask it is', () => {
  const end = (seen: ReturnType<typeof onHosts>, by = watch) => {
    const first = lookAfter(by, seen, 10_000);
    return first.kind === 'watching' ? lookAfter(first.watch, seen, 600_000) : first;
  };
  assert.equal(end(onHosts(1000, 1)).kind, 'passed');
  assert.equal(end(onHosts(1000, 99)).kind, 'passed');
  assert.equal(end(onHosts(1000, 100)).kind, 'failed');
  assert.deepEqual(end(onHosts(3, 1)), {
    kind: 'failed',
    reason:
      'After it had succeeded the probe own fails on 1 host of 3 where it had passed before (status 502 instead of 200); at most 0 may.',
  });
  assert.match(
    (end(onHosts(1000, 1)) as { reason: string }).reason,
    /the probe own passes on 999 of 1000 hosts/,
  );
  // On all that ask it, whatever number may fail.
  const lenient = { ...watch, maxFailed: 50 };
  assert.equal(end(onHosts(3, 2), lenient).kind, 'passed');
  assert.equal(end(onHosts(3, 3), lenient).kind, 'failed');
  assert.equal(mostFailing(lenient, { asked: 0 }), 0);
  assert.deepEqual(end(onHosts(1000, 60, 40)), {
    kind: 'inconclusive',
    reason:
      'The watch ended: 60 hosts of 1000 failed. Whether the probe own passes on 40 hosts where it had passed before is not known.',
  });
});

test('a probe on hosts has to fail for a minute', () => {
  const look = lookAfter(watch, onHosts(3, 1), 10_000);
  assert.ok(look.kind === 'watching');
  assert.equal(look.watch.badSince, 10_000);
  assert.equal(lookAfter(look.watch, onHosts(3, 1), 10_000 + steadyMs - 1).kind, 'watching');
  assert.equal(lookAfter(look.watch, onHosts(3, 1), 10_000 + steadyMs).kind, 'failed');
  const well = lookAfter(look.watch, onHosts(3, 0), 10_000 + steadyMs);
  assert.ok(well.kind === 'watching' && well.watch.badSince === null);
});

test('what hosts ask is written with where, and not of the root server', () => {
  const written = (verify: object): unknown =>
    parseEnvironmentYaml(
      JSON.stringify({ environment: 'acme/production', policy: { verify: [verify] } }),
      'e',
    ).policy.verify;
  const front = { name: 'own', url: 'https://shop.example/', from: 'hosts', where: 'role = web', here: true };
  assert.deepEqual(written(front), [front]);
  for (const [wrong, message] of [
    [{ ...front, from: 'root' }, /where.*expected `from: hosts`/],
    [{ ...front, where: 'role =' }, /where.*not a selector/],
    [{ ...front, url: 'https://10.1.2.3/' }, /url.*expected a name/],
    [{ ...front, from: 'relays' }, /from/],
  ] as const)
    assert.throws(() => written(wrong), { code: 'E_INPUT', message });
  const asked = { name: 'own', url: front.url };
  assert.equal(
    definitionOf({ ...asked, from: 'hosts', where: 'a = b' }),
    definitionOf({ ...asked, from: 'hosts' }),
  );
  assert.notEqual(definitionOf({ ...asked, from: 'hosts' }), definitionOf(asked));
  assert.notEqual(
    definitionOf({ ...asked, from: 'hosts', here: true }),
    definitionOf({ ...asked, from: 'hosts' }),
  );
});

test("a host's policy says what may be asked from it", () => {
  assert.deepEqual(parseLocalPolicy('', 'p').probes, { allow: ['here', 'public'] });
  assert.deepEqual(parseLocalPolicy('probes: { allow: [] }', 'p').probes, { allow: [] });
  assert.deepEqual(parseLocalPolicy('probes: { allow: [here, 10.2.0.0/16, "fd00::1"] }', 'p').probes.allow, [
    'here',
    '10.2.0.0/16',
    'fd00::1',
  ]);
  assert.throws(() => parseLocalPolicy('probes: { allow: [anywhere] }', 'p'), { code: 'E_INPUT' });
});
