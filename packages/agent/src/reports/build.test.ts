import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SlotRecord } from '../slot/record.ts';
import { testPackage } from '../testing/packages.ts';
import type { Transfer } from '../transfer/record.ts';
import { buildReport, changeKey, type ReportBody, type ReportInput, type Since } from './build.ts';

const midnightMs = Date.parse('2026-11-21T00:00:00Z');

/** A component whose switch shows 2.0.0, committed at midnight unless another version is installed, or none. */
function inputOf(kind: 'files' | 'deb', installedVersion: string | null, bakeSeconds?: number): ReportInput {
  const [one, two] = ['1.0.0', '2.0.0'].map((version) =>
    testPackage({ component: 'web', version, kind, files: { version } }),
  );
  assert.ok(one && two);
  const installed = installedVersion === '1.0.0' ? one : two;
  const committed: SlotRecord = { installed, since: '2026-11-21T00:00:00Z', previous: [], refused: null };
  const record = installedVersion === null ? null : committed;
  const slot = {
    component: 'web',
    record,
    current: two.tree,
    trees: [],
    partials: [],
    running: null,
    hasData: false,
  };
  const assigned = bakeSeconds === undefined ? two : { ...two, bakeSeconds };
  return {
    accepted: { components: [assigned], entry: {}, releases: {}, snapshot: 1, number: 1 },
    convergence: { slots: new Map([['web', slot]]), waiting: new Map(), rested: true },
    removing: new Set(),
    drift: [],
    faults: [],
    serving: null,
    parent: null,
    transfer: {},
    reverts: [],
    migrations: [],
  } as unknown as ReportInput;
}

function said(kind: 'files' | 'deb', installedVersion: string, bakeSeconds?: number, atSeconds = 0) {
  const input = inputOf(kind, installedVersion, bakeSeconds);
  return buildReport(input, new Map(), midnightMs + atSeconds * 1000).components[0];
}

test('what comes with more than its tree is not installed before it was committed', () => {
  assert.equal(said('deb', '1.0.0')?.state, 'stopped');
  assert.equal(said('deb', '2.0.0')?.state, 'installed');
  assert.equal(said('files', '1.0.0')?.state, 'installed');
});

test('within a bake it says when it reports again, by the time of the commit, whatever the clock does', () => {
  const again = (atSeconds: number, bakeSeconds?: number, version = '2.0.0') =>
    said('files', version, bakeSeconds, atSeconds)?.again;
  assert.deepEqual(
    [0, 10, 59.5, 60, 3_600].map((at) => again(at, 60)),
    [60, 50, 1, undefined, undefined],
  );
  assert.equal(again(-86_400, 60), 60);
  assert.equal(again(0), undefined);
  assert.equal(again(0, 60, '1.0.0'), undefined, 'not before the commit');
});

test('it says by which patch the tree that runs came, and nothing where chunks brought it or another tree is meant', () => {
  const input = inputOf('files', '2.0.0');
  const tree = input.accepted?.components[0]?.tree;
  const came = (of: string | undefined, patchedBytes: number) => {
    const choice = { kind: 'patch', roads: [{ kind: 'patch', from: 'c4' }, { kind: 'chunks' }] };
    const transfer = { tree: of, choice, took: { patchedBytes, fetchedBytes: 700 } } as unknown as Transfer;
    const transfers = new Map([['web', transfer]]);
    return buildReport({ ...input, transfers }, new Map(), midnightMs).components[0]?.came;
  };
  assert.deepEqual(came(tree, 9_000), { from: 'c4', bytes: 700 });
  assert.equal(came(tree, 0), undefined, 'the patch was given up');
  assert.equal(came('d5'.repeat(32), 9_000), undefined);
  assert.equal(buildReport(input, new Map(), midnightMs).components[0]?.came, undefined);
});

test('a first version on trial is there since it was first seen, until it is committed', () => {
  const since: Since = new Map();
  const at = (seconds: number, installedVersion: string | null) =>
    buildReport(inputOf('files', installedVersion), since, midnightMs + seconds * 1000).components[0]?.since;
  assert.equal(at(10, null), '2026-11-21T00:00:10Z');
  assert.equal(at(20, null), '2026-11-21T00:00:10Z', 'else each look would be news');
  assert.equal(at(30, '2.0.0'), '2026-11-21T00:00:00Z');
  assert.equal(at(40, null), '2026-11-21T00:00:40Z', 'what was committed in between is forgotten');
});

test('what else is found changed is news; an attempt that names other figures is not', () => {
  const key = (code: string, message: string): string => {
    const waiting = [{ component: 'web', code, message, since: '2026-11-21T00:00:00Z' }];
    return changeKey({ facts: {}, components: [], waiting } as unknown as ReportBody);
  };
  assert.notEqual(key('E_DRIFT', 'index.html has another size'), key('E_DRIFT', '`current` was removed'));
  assert.equal(key('E_DISK_FULL', '10 MB missing'), key('E_DISK_FULL', '11 MB missing'));
});

test('that a probe was asked again is no news; another state is, and that it was asked since the last change', () => {
  const key = (state: 'pass' | 'fail', at: string, more = {}): string => {
    const probe = { name: 'own', of: 'a1', state, reason: at, since: at, at, ...more };
    const components = [{ since: '2026-11-21T01:00:00Z' }];
    return changeKey({ facts: {}, waiting: [], components, probes: [probe] } as unknown as ReportBody);
  };
  const before = key('pass', '2026-11-21T01:00:00Z');
  const after = key('pass', '2026-11-21T01:00:01Z');
  assert.equal(key('pass', '2026-11-21T00:00:00Z'), before);
  assert.notEqual(after, before);
  assert.equal(key('pass', '2026-11-21T02:00:00Z'), after);
  assert.notEqual(key('fail', '2026-11-21T02:00:00Z'), after);
  assert.notEqual(key('pass', '2026-11-21T02:00:00Z', { of: 'b2' }), after);
});
