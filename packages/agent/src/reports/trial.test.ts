import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SlotRecord } from '../slot/record.ts';
import { testPackage } from '../testing/packages.ts';
import { buildReport, type ReportInput } from './build.ts';

/** What a report says of a component of which the switch shows `shown`. */
function stateOf(kind: 'files' | 'deb', installedVersion: string): string | undefined {
  const [one, two] = ['1.0.0', '2.0.0'].map((version) =>
    testPackage({ component: 'web', version, kind, files: { version } }),
  );
  assert.ok(one && two);
  const installed = installedVersion === '1.0.0' ? one : two;
  const record: SlotRecord = { installed, since: '2026-11-21T00:00:00Z', previous: [], refused: null };
  const slot = {
    component: 'web',
    record,
    current: two.tree,
    trees: [],
    partials: [],
    running: null,
    hasData: false,
  };
  const input = {
    accepted: { components: [two], entry: {}, releases: {}, snapshot: 1, number: 1 },
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
  return buildReport(input, new Map(), 0).components[0]?.state;
}

test('what comes with more than its tree is not installed before it was committed', () => {
  assert.equal(stateOf('deb', '1.0.0'), 'stopped');
  assert.equal(stateOf('deb', '2.0.0'), 'installed');
  assert.equal(stateOf('files', '1.0.0'), 'installed');
});
