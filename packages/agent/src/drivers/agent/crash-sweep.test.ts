import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { agentComponent } from '@xylem/core';
import { stepsOfKind } from '../../converge/points.ts';
import { agentPackage } from '../../testing/agent-package.ts';
import { Bench, crashSweep } from '../../testing/crash-sweep.ts';
import { temporaryFolder } from '../../testing/state-folder.ts';

const sweep = crashSweep('agent');
const updateSteps = stepsOfKind.agent.filter((step) => !['stop', 'revert', 'remove', 'purge'].includes(step));

test('agent: killed at any journal point, the host runs the old version or the new', async (context) => {
  const bench = new Bench(await temporaryFolder(context));
  const outside = (state: string): Promise<string> =>
    readFile(join(state, 'agent', 'confirmed'), 'utf8').catch(() => 'base');
  const common = { component: agentComponent, kind: 'agent', outside } as const;
  const [one, two, three] = await Promise.all(
    ['1.0.0', '2.0.0', '3.0.0'].map((version) => bench.wanted([agentPackage(version)])),
  );
  const bad = await bench.wanted([agentPackage('4.0.0', 'run')]);
  const none = await bench.wanted([], { purge: [agentComponent] });
  assert.ok(one && two && three);
  await sweep.run(context, bench, {
    ...common,
    name: 'update',
    before: [one, two],
    wanted: three,
    steps: updateSteps,
  });
  await sweep.run(context, bench, {
    ...common,
    name: 'failing update',
    before: [one],
    wanted: bad,
    steps: ['switch', 'start', 'revert', 'retire'],
    failing: ['start'],
  });
  await sweep.run(context, bench, {
    ...common,
    name: 'removal',
    before: [one],
    wanted: none,
    steps: ['stop', 'remove', 'purge'],
  });
});

test('no journal point was left out of the sweep', () => {
  assert.deepEqual(sweep.missed(), []);
});
