import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Bench, crashSweep } from '../../testing/crash-sweep.ts';
import { lineCommand } from '../../testing/packages.ts';
import { temporaryFolder } from '../../testing/state-folder.ts';

const sweep = crashSweep('command');

suite('crash sweep: command', () => {
  test('command: killed at any journal point, what lies outside of the slot is as if it had not been', async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const target = join(bench.folder, 'line');
    const own = { component: 'cron', target };
    const [v1, v2] = ['1.0.0', '2.0.0'].map((version) => lineCommand({ ...own, version }));
    const bad = lineCommand({ ...own, version: '3.0.0', flaw: 'apply' });
    assert.ok(v1 && v2);
    const [one, two, three, none] = [
      await bench.wanted([v1], { keepPrevious: 0 }),
      await bench.wanted([v2], { keepPrevious: 0 }),
      await bench.wanted([bad], { keepPrevious: 0 }),
      await bench.wanted([], { purge: ['cron'] }),
    ];
    const common = {
      component: 'cron',
      kind: 'command' as const,
      outside: () => readFile(target, 'utf8').catch(() => null),
    };
    await sweep.run(context, bench, {
      ...common,
      name: 'update',
      before: [one],
      wanted: two,
      steps: ['reserve', 'fetch', 'stage', 'preflight', 'switch', 'apply', 'commit', 'retire'],
    });
    await sweep.run(context, bench, {
      ...common,
      name: 'failing update',
      before: [one],
      wanted: three,
      steps: ['apply', 'revert', 'switch', 'retire'],
      failing: ['apply'],
    });
    await sweep.run(context, bench, {
      ...common,
      name: 'removal',
      before: [one],
      wanted: none,
      steps: ['unapply', 'remove', 'purge'],
    });
  });
});

test('no journal point was left out of the sweep', () => {
  assert.deepEqual(sweep.missed(), []);
});
