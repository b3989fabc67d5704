import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Bench, crashSweep } from '../../testing/crash-sweep.ts';
import { testPackage } from '../../testing/packages.ts';
import { temporaryFolder } from '../../testing/state-folder.ts';

const sweep = crashSweep('files');

suite('crash sweep: files', () => {
  test('files: killed at any journal point, the host finishes as if it had not been', async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const [v1, v2, v3] = ['1.0.0', '2.0.0', '3.0.0'].map((version) =>
      testPackage({
        component: 'web',
        version,
        files: { 'index.html': version, 'bin/run!': '#!/bin/sh\n', same: 'same' },
      }),
    );
    assert.ok(v1 && v2 && v3);
    const [one, two, three, none] = [
      await bench.wanted([v1]),
      await bench.wanted([v2]),
      await bench.wanted([v3]),
      await bench.wanted([], { purge: ['web'] }),
    ];
    await sweep.run(context, bench, {
      name: 'update',
      component: 'web',
      kind: 'files',
      before: [one, two],
      wanted: three,
      steps: ['reserve', 'fetch', 'stage', 'preflight', 'switch', 'commit', 'retire'],
    });
    const refused = testPackage({
      component: 'web',
      version: '4.0.0',
      files: { 'index.html': '4.0.0', same: 'same' },
      hooks: { after: { switch: { command: ['false'] } } },
    });
    await sweep.run(context, bench, {
      name: 'failing update',
      component: 'web',
      kind: 'files',
      before: [one],
      wanted: await bench.wanted([refused]),
      steps: ['switch', 'revert'],
      failing: ['switch'],
    });
    await sweep.run(context, bench, {
      name: 'healing',
      component: 'web',
      kind: 'files',
      before: [one],
      wanted: one,
      missing: 'index.html',
      steps: ['reserve', 'fetch', 'stage'],
    });
    await sweep.run(context, bench, {
      name: 'removal',
      component: 'web',
      kind: 'files',
      before: [one],
      wanted: none,
      steps: ['remove', 'purge'],
    });
  });
});

test('no journal point was left out of the sweep', () => {
  assert.deepEqual(sweep.missed(), []);
});
