import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { advance } from './advance.ts';
import { applyDecisions } from './apply.ts';
import {
  type Deployment,
  type DeploymentState,
  deploymentStates,
  type HostEvidence,
  hasEnded,
} from './deployment.ts';
import { deployment, host, newPackage, policy, runs, START } from './fleet.test-data.ts';
import { personActs, stateAfter } from './transitions.ts';

const page = new URL('../../../../docs/spec/deployments.md', import.meta.url);
const [begin, end] = [
  '<!-- transitions: UPDATE=1 writes them from the code -->\n',
  '<!-- /transitions -->\n',
];

const admitted = (more: Partial<HostEvidence>): HostEvidence => host(1, { admittedAt: START, ...more });
const rolling = (): Deployment => deployment('deploy', { kind: 'rolling', maxUnavailable: 1 });
const canary = (): Deployment =>
  deployment('deploy', {
    kind: 'canary',
    steps: [1],
    bakeSeconds: 0,
    minimumExposure: 1,
    maxUnavailable: 1,
    alpha: 0.01,
    onFail: 'rollback',
    onNoData: 'ask',
  });
const away = [host(1, { lastReport: 0, lastSeen: 0 })];

/** What the real decisions make of a state. */
function decided(start: Deployment, evidence: readonly HostEvidence[], state: DeploymentState): string {
  let running: Deployment = { ...start, state };
  for (let round = 0; round < 5; round += 1)
    running = applyDecisions(running, advance(running, evidence, START, policy).decisions);
  return running.state === state ? 'ignored' : running.state;
}

const rows: readonly (readonly [string, (state: DeploymentState) => string])[] = [
  ...Object.entries(personActs).map(
    ([name, act]) =>
      [`\`${name}\` by a person`, (state: DeploymentState) => stateAfter(act, state) ?? 'refused'] as const,
  ),
  ['another deployment of the product begins', (state) => (hasEnded({ state }) ? 'ignored' : 'superseded')],
  ['its release is quarantined', (state) => (hasEnded({ state }) ? 'ignored' : 'failed')],
  ['verdict *pass*', (state) => decided(rolling(), [admitted({ reported: [runs(newPackage)] })], state)],
  [
    'verdict *fail*',
    (state) => decided(rolling(), [admitted({ reported: [runs(newPackage, false)] })], state),
  ],
  ['a canary asks', (state) => decided(canary(), away, state)],
  [
    '*inconclusive*, a report, time, a new start of the root server',
    (state) => decided(rolling(), [host(1)], state),
  ],
];

test('the table of transitions is what the code does', () => {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const table =
    line(['event', ...deploymentStates.map((state) => `\`${state}\``)]) +
    line(['---', ...deploymentStates.map(() => '---')]) +
    rows.map(([name, next]) => line([name, ...deploymentStates.map(next)])).join('');
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  assert.ok(from >= 0 && to > from, 'the page has no place for it');
  const wanted = text.slice(0, from + begin.length) + table + text.slice(to);
  if (process.env['UPDATE'] === '1') writeFileSync(page, wanted);
  else
    assert.equal(text, wanted, 'run UPDATE=1 node --test packages/core/src/deployment/transitions.test.ts');
});
