import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { adoptionOrder } from '../../testing/adopting.ts';
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

  test('adopted commands: killed at any journal point, the host goes on, and no apply or remove runs', async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const target = join(bench.folder, 'line');
    const thing = lineCommand({ component: 'cron', version: '1.0.0', target });
    const [a, b] = ['a'.repeat(32), 'b'.repeat(32)];
    const adopt = await bench.wanted([thing], adoptionOrder('cron', a));
    const disown = await bench.wanted([thing], adoptionOrder('cron', b, true));
    const common = {
      component: 'cron',
      kind: 'command' as const,
      observes: true as const,
      byHand: async () => {
        await rm(`${target}.asked`, { force: true });
        await writeFile(target, '1.0.0\n');
      },
      outside: async () => ({
        line: await readFile(target, 'utf8'),
        ran: /"operation":"(apply|remove)"/.exec(await readFile(`${target}.asked`, 'utf8'))?.[1],
      }),
    };
    await sweep.run(context, bench, {
      ...common,
      name: 'adoption',
      before: [],
      wanted: adopt,
      steps: ['reserve', 'fetch', 'stage', 'adopt', 'switch', 'commit'],
    });
    await sweep.run(context, bench, {
      ...common,
      name: 'giving back',
      before: [adopt],
      wanted: disown,
      steps: ['disown', 'remove'],
    });
  });
});

test('no journal point was left out of the sweep', () => {
  assert.deepEqual(sweep.missed(), []);
});
