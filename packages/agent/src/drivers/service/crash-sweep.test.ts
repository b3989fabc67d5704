import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { stepsOfKind } from '../../converge/points.ts';
import { Bench, crashSweep } from '../../testing/crash-sweep.ts';
import { freePort } from '../../testing/free-port.ts';
import { httpService } from '../../testing/packages.ts';
import { temporaryFolder } from '../../testing/state-folder.ts';

const sweep = crashSweep('service');
/** All but those that end other roads. */
const updateSteps = stepsOfKind.service.filter((step) => !['revert', 'remove', 'purge'].includes(step));

suite('crash sweep: service', { concurrency: 2 }, () => {
  test('service: killed at any journal point of an install or an update, the host finishes', async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const port = await freePort();
    const versions = ['1.0.0', '2.0.0', '3.0.0'].map((version) =>
      httpService({ component: 'api', version, port }),
    );
    const [one, two, three] = await Promise.all(versions.map((version) => bench.wanted([version])));
    assert.ok(one && two && three);
    await sweep.run(context, bench, {
      name: 'install',
      component: 'api',
      kind: 'service',
      before: [],
      wanted: one,
      steps: ['stage', 'switch', 'start', 'probe', 'commit'],
    });
    await sweep.run(context, bench, {
      name: 'update',
      component: 'api',
      kind: 'service',
      before: [one, two],
      wanted: three,
      steps: updateSteps,
    });
  });

  test('service: killed at any journal point of a failing update or a removal, the host reverts or removes', async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const port = await freePort();
    const good = httpService({ component: 'api', version: '1.0.0', port });
    const bad = httpService({ component: 'api', version: '2.0.0', port, status: 500, startTimeoutMs: 300 });
    const [one, two, none] = [
      await bench.wanted([good]),
      await bench.wanted([bad]),
      await bench.wanted([], { purge: ['api'] }),
    ];
    await sweep.run(context, bench, {
      name: 'failing update',
      failing: ['probe'],
      component: 'api',
      kind: 'service',
      before: [one],
      wanted: two,
      steps: ['switch', 'start', 'probe', 'revert', 'stop', 'retire'],
    });
    await sweep.run(context, bench, {
      name: 'healing',
      component: 'api',
      kind: 'service',
      before: [one],
      wanted: one,
      missing: 'VERSION',
      steps: ['fetch', 'stage', 'preflight', 'stop', 'start'],
    });
    await sweep.run(context, bench, {
      name: 'removal',
      component: 'api',
      kind: 'service',
      before: [one],
      wanted: none,
      steps: ['stop', 'remove', 'purge'],
    });
  });
});

test('no journal point was left out of the sweep', () => {
  assert.deepEqual(sweep.missed(), []);
});
