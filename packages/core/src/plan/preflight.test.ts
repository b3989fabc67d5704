import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  drawnFor,
  type PreflightPart,
  type PreflightRun,
  preflightOpen,
  preflightSeen,
  preflightText,
} from './preflight.ts';

const part = (host: string, component = 'api', digest = 'new'): PreflightPart => ({
  host,
  name: `${host}.example`,
  component,
  package: digest,
});
const run = (host: string, state: string, component = 'api', digest = 'new'): PreflightRun => ({
  id: `${host}-${state}`,
  host,
  component,
  package: digest,
  state,
  note: state === 'passed' ? null : `it ${state}`,
});

test('a host is what the worst of its components says, by the newest order for the package that comes', () => {
  const parts = [
    part('a'),
    part('a', 'web'),
    part('b'),
    part('c'),
    part('d'),
    part('e'),
    part('f'),
    part('g'),
  ];
  const seen = preflightSeen(parts, [
    run('a', 'passed'),
    run('a', 'timed-out', 'web'),
    run('b', 'passed'),
    run('b', 'failed'),
    run('c', 'refused'),
    run('d', 'lost'),
    run('e', 'running'),
    run('f', 'passed', 'api', 'another package'),
    run('g', 'interrupted'),
    run('stranger', 'failed'),
  ]);
  assert.deepEqual(seen.counts, { failed: 1, unable: 2, silent: 1, asked: 1, unasked: 1, passed: 1 });
  assert.deepEqual(
    seen.words.map(({ name, component, outcome, note }) => [name, component, outcome, note]),
    [
      ['a.example', 'web', 'failed', 'it timed-out'],
      ['c.example', 'api', 'unable', 'it refused'],
      ['g.example', 'api', 'unable', 'it interrupted'],
      ['d.example', 'api', 'silent', 'it lost'],
      ['e.example', 'api', 'asked', 'it running'],
    ],
  );
  assert.equal(
    preflightText(seen.counts),
    '1 of 7 hosts passed, 1 failed, 2 could not say, 1 did not answer, 1 have not answered yet, 1 were not asked',
  );
});

test('only a failure is in the way, and where policy demands it all that has not passed', () => {
  const of = (...states: string[]) =>
    preflightSeen(
      states.map((_, i) => part(String(i))),
      states.flatMap((state, i) => (state === 'unasked' ? [] : [run(String(i), state)])),
    );
  for (const state of ['refused', 'lost', 'ordered', 'unasked']) {
    assert.equal(preflightOpen(of('passed', state), false), true, state);
    assert.equal(preflightOpen(of('passed', state), true), false, state);
  }
  assert.equal(preflightOpen(of('passed', 'failed'), false), false);
  assert.equal(preflightOpen(of('passed', 'passed'), true), true);
  assert.equal(preflightOpen(of(), true), true, 'nothing comes to anybody');
});

test('a sample is drawn by the plan, the same at each attempt, and widened by those that follow', () => {
  const hosts = Array.from({ length: 20 }, (_, i) => `host-${i}`);
  const drawn = drawnFor('p-1', hosts);
  assert.deepEqual(drawnFor('p-1', [...hosts].reverse()), drawn);
  assert.notDeepEqual(drawnFor('p-2', hosts), drawn);
  assert.deepEqual([...drawn].sort(), [...hosts].sort());
});
