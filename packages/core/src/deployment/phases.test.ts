import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { advance } from './advance.ts';
import { applyDecisions, resumed } from './apply.ts';
import { judgingDefaults } from './course.ts';
import type { Deployment } from './deployment.ts';
import { deployment, Fleet, hosts, newPackage, oldPackage, policy, runs } from './fleet.test-data.ts';
import { givenBack, goesBackInPhases } from './groups.ts';

const page = new URL('../../../../docs/spec/deployments.md', import.meta.url);
const [begin, end] = ['<!-- phases: UPDATE=1 writes them from the code -->\n', '<!-- /phases -->\n'];

const phases = ['idle', 'switching', 'watching', 'kept', 'second'] as const;
type Phase = (typeof phases)[number];

/** A deployment that has come to a phase, over two groups of 20 hosts each. */
function at(phase: Phase): Fleet {
  const members = hosts(40).map((one, i) => ({ ...one, stratum: i % 2 === 0 ? 'blue' : 'green' }));
  const strategy = {
    keepSeconds: 600,
    switchSeconds: 300,
    maxUnavailable: '100%',
    ...judgingDefaults,
  } as const;
  const fleet = new Fleet(
    deployment('deploy', { kind: 'blue-green', per: 'color', groups: ['blue', 'green'], ...strategy }),
    members,
  );
  fleet.traffic = { serving: 'blue', number: 0, of: 2, applied: 2, behind: 0, names: ['lb-1', 'lb-2'] };
  for (let round = 0; round < 100; round += 1) {
    for (const i of fleet.hosts.keys()) fleet.report(i, true);
    fleet.step();
    const { groups } = fleet.deployment;
    const updated = phase === 'second' ? 'blue' : 'green';
    const hasBegun = fleet.hosts.some((one) => one.stratum === updated && one.admittedAt !== null);
    if (groups?.phase === phase && hasBegun) return fleet;
    if (groups?.phase === 'switching') fleet.applied();
    fleet.now += 30_000;
  }
  return assert.fail(`never came to ${phase}`);
}

/** What it comes to, without anything else happening. */
function after(fleet: Fleet): string {
  const before = fleet.deployment;
  let last = advance(before, fleet.hosts, fleet.now, policy, undefined, fleet.traffic);
  const said: string[] = [];
  for (let round = 0; round < 6 && last.decisions.length > 0; round += 1) {
    for (const one of last.decisions) {
      if (one.kind === 'switch') said.push(`traffic to ${one.to}`);
      if (one.kind === 'groups' && one.groups.phase !== 'returning') said.push(`\`${one.groups.phase}\``);
      if (one.kind === 'ask') said.push('asks');
      if (one.kind === 'end') said.push(one.state);
    }
    fleet.step();
    last = advance(fleet.deployment, fleet.hosts, fleet.now, policy, undefined, fleet.traffic);
    if (said.length > 0) break;
  }
  return said.length === 0 ? 'stays' : [...new Set(said)].join(', ');
}

function well(fleet: Fleet, seconds = 0): Fleet {
  for (const i of fleet.hosts.keys()) fleet.report(i, true);
  fleet.step();
  fleet.now += seconds * 1000;
  for (const i of fleet.hosts.keys()) fleet.report(i, true);
  return fleet;
}
function ill(fleet: Fleet, count: number): Fleet {
  let left = count;
  fleet.hosts = fleet.hosts.map((one) => {
    if (left === 0 || !fleet.told(one)) return one;
    left -= 1;
    return { ...one, lastReport: fleet.now, lastSeen: fleet.now, reported: [runs(newPackage, false)] };
  });
  return fleet;
}
const paused = (fleet: Fleet): Fleet => {
  fleet.deployment = { ...fleet.deployment, state: 'paused', reason: 'paused by anna.' };
  return fleet;
};
const ended = ({ deployment: running, now }: Fleet, where: string): string => {
  const given = givenBack(running, now);
  return given === null ? where : `traffic to ${given.to}, then its hosts go back`;
};
const frozen = (fleet: Fleet): string => {
  const heeding = { ...policy, frozen: 'Frozen.' };
  const { decisions } = advance(fleet.deployment, fleet.hosts, fleet.now, heeding, undefined, fleet.traffic);
  const next: Deployment = applyDecisions(fleet.deployment, decisions);
  const forward = decisions.some(({ kind }) => kind === 'switch' || kind === 'admit' || kind === 'threshold');
  assert.ok(!forward || next.state === 'failed');
  return next.state === 'failed' ? after(fleet) : 'stays';
};

const rows: readonly (readonly [string, (phase: Phase) => string])[] = [
  [
    'its hosts are well, and its time is over',
    (phase) => {
      const fleet = well(at(phase), 601);
      fleet.applied();
      return after(fleet);
    },
  ],
  [
    'its hosts are well, and balancers do not report within `switchSeconds`',
    (phase) => {
      const fleet = well(at(phase), 301);
      fleet.applied(0);
      return after(fleet);
    },
  ],
  ['more hosts failed than may', (phase) => after(ill(well(at(phase)), 5))],
  ['the same while it is paused', (phase) => after(ill(paused(well(at(phase))), 5))],
  [
    '`resume` after that',
    (phase) => {
      const fleet = ill(paused(well(at(phase))), 5);
      fleet.step();
      fleet.deployment = resumed(fleet.deployment);
      return after(fleet);
    },
  ],
  ['a freeze, and its hosts are well', (phase) => frozen(well(at(phase), 601))],
  ['a freeze, and more hosts failed than may', (phase) => frozen(ill(well(at(phase)), 5))],
  ['`abort` by a person', (phase) => ended(at(phase), 'aborted, hosts stay as they are')],
  [
    '`rollback` by a person',
    (phase) => {
      const fleet = at(phase);
      const begun = { last: fleet.deployment, unsettled: 1, settled: oldPackage, to: oldPackage };
      return ended(fleet, goesBackInPhases(begun) ? 'goes back in phases' : 'its hosts go back');
    },
  ],
  [
    'its release is quarantined',
    (phase) => ended(at(phase), 'failed').replace(', then its hosts go back', ', failed'),
  ],
  ['another release is deployed', () => 'superseded, traffic stays where it is'],
];

test('the table of phases is what the code does', () => {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const table =
    line(['event', ...phases.map((phase) => `\`${phase}\``)]) +
    line(['---', ...phases.map(() => '---')]) +
    rows.map(([name, next]) => line([name, ...phases.map(next)])).join('');
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  assert.ok(from >= 0 && to > from, 'the page has no place for it');
  const wanted = text.slice(0, from + begin.length) + table + text.slice(to);
  if (process.env['UPDATE'] === '1') writeFileSync(page, wanted);
  else assert.equal(text, wanted, 'run UPDATE=1 node --test packages/core/src/deployment/phases.test.ts');
});
