import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configDigest, type Digest } from '@xylem/core';
import type { Running } from '../slot/observed.ts';
import type { Placed } from '../slot/placed.ts';
import { testPackage } from '../testing/packages.ts';
import { componentOf, reported, Site } from '../testing/site.ts';
import { buildReport, type ReportInput } from './build.ts';

const digests = { blue: configDigest({ serving: 'blue' }), green: configDigest({ serving: 'green' }) };

function edge(serving: 'blue' | 'green', digest: Digest | null = digests[serving]): Placed {
  const placed = testPackage({ component: 'edge', version: '1.0.0', files: { a: '1' }, config: { serving } });
  return digest === null ? placed : { ...placed, configDigest: digest };
}

/** What a report names, of a component that was committed, is assigned, and was brought to the machine. */
function named(installed: Placed, assigned: Placed | null, applied?: Placed): string | undefined {
  const running = applied === undefined ? null : ({ kind: 'files', alive: true, applied } as Running);
  const record = { installed, since: '2026-11-21T00:00:00Z', previous: [], refused: null };
  const slot = { component: 'edge', record, current: installed.tree, trees: [], partials: [] };
  const input = {
    accepted: {
      components: assigned === null ? [] : [assigned],
      entry: {},
      releases: {},
      snapshot: 1,
      number: 1,
    },
    convergence: { slots: new Map([['edge', { ...slot, running, hasData: false }]]), waiting: new Map() },
    removing: new Set(),
    drift: [],
    faults: [],
    serving: null,
    parent: null,
    transfer: {},
    reverts: [],
    migrations: [],
  } as unknown as ReportInput;
  return buildReport(input, new Map(), 0).components[0]?.config;
}

test('the configuration that was committed is named, not the one that is assigned or tried', () => {
  const [blue, green] = [edge('blue'), edge('green')];
  assert.equal(named(blue, blue, blue), digests.blue);
  assert.equal(named(blue, green), digests.blue);
  assert.equal(named(green, green, green), digests.green);
  assert.equal(named(blue, null), digests.blue);
  assert.equal(named(blue, green, green), undefined);
});

test('other words for the same configuration count, and what an older agent wrote down names none', () => {
  const other = 'aa'.repeat(32) as Digest;
  assert.equal(named(edge('blue'), edge('blue', other)), other);
  assert.equal(named(edge('blue', null), edge('blue')), digests.blue);
  assert.equal(named(edge('blue', null), edge('green')), undefined);
  assert.equal(named(edge('blue', null), null), undefined);
});

test('an agent names what it committed, also after a restart', async (t) => {
  const site = await Site.create(t);
  const front = await site.front();
  const host = await site.host([front.url]);
  const made = await site.publish(
    'edge',
    '1.0.0',
    { a: '1' },
    { configDefaults: { serving: 'blue', port: 1 } },
  );
  const release = await site.vendor.release('1.0.0', [made]);
  const serve = (serving: string) => site.assign([{ release, package: made, config: { serving } }]);
  await serve('blue');
  const agent = await site.agent(host);
  const names = (digest: Digest) =>
    reported(
      front,
      host,
      `${digest} to be named`,
      (report) => componentOf(report, 'edge')?.config === digest,
    );
  await names(digests.blue);
  await serve('green');
  const { sequence } = await names(digests.green);
  await agent.stop();
  await site.agent(host);
  await reported(front, host, 'a report after the restart', (report) => report.sequence > sequence);
  await names(digests.green);
});
