import assert from 'node:assert/strict';
import { lstat, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Bench, crashDepth, crashSweep } from '../../testing/crash-sweep.ts';
import { testPackage } from '../../testing/packages.ts';
import { placingPackage } from '../../testing/placing.ts';
import { temporaryFolder } from '../../testing/state-folder.ts';

const sweep = crashSweep('files');

/** Names, bytes and modes of what lies in the folder of placed files, and of what is kept of others' changes. */
async function outsideOf(outside: string, state: string): Promise<unknown> {
  const names = (await readdir(outside, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name !== 'reloads')
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const files = await Promise.all(
    names.map(async (path) => [path, (await stat(path)).mode, await readFile(path, 'utf8')]),
  );
  return { files, found: await readdir(join(state, 'found')).catch(() => []) };
}

suite('crash sweep: files', { concurrency: crashDepth() === 'all' ? 2 : 1 }, () => {
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

  test('placed files: killed at any journal point, the host finishes or goes back', async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const outside = join(bench.folder, 'outside');
    const one = await bench.wanted([placingPackage({ version: '1.0.0', outside })]);
    await writeFile(join(outside, 'main.conf'), 'of the operator\n');
    const two = await bench.wanted([placingPackage({ version: '2.0.0', outside, only: true })]);
    const bad = await bench.wanted([placingPackage({ version: '3.0.0', outside, reloadFails: true })]);
    const bare = await bench.wanted([
      testPackage({ component: 'thing', version: '4.0.0', files: { page: 'four' } }),
    ]);
    const none = await bench.wanted([], { purge: ['thing'] });
    const common = {
      component: 'thing',
      kind: 'files' as const,
      outside: (state: string) => outsideOf(outside, state),
    };
    await sweep.run(context, bench, {
      ...common,
      name: 'first placing',
      before: [],
      wanted: one,
      steps: ['preflight', 'switch', 'apply', 'commit'],
    });
    await sweep.run(context, bench, {
      ...common,
      name: 'a file less',
      before: [one],
      wanted: two,
      steps: ['preflight', 'switch', 'apply', 'commit'],
    });
    await sweep.run(context, bench, {
      ...common,
      name: 'failing reload',
      failing: ['apply'],
      before: [one],
      wanted: bad,
      steps: ['apply', 'revert'],
    });
    await sweep.run(context, bench, {
      ...common,
      name: 'no files any more',
      before: [one],
      wanted: bare,
      steps: ['unapply', 'switch'],
    });
    await sweep.run(context, bench, {
      ...common,
      name: 'removal of placed files',
      before: [one],
      wanted: none,
      steps: ['unapply', 'remove', 'purge'],
    });
  });
});

test('adopted files: killed at any journal point, the host goes on, and what was there stays as it is', async (context) => {
  const bench = new Bench(await temporaryFolder(context));
  const outside = join(bench.folder, 'outside');
  const thing = placingPackage({ version: '1.0.0', outside });
  const order = (digit: string, undo = false) =>
    bench.wanted([thing], {
      entry: {
        labels: {},
        adopt: { thing: { order: digit.repeat(32), ...(undo ? { undo } : {}) } },
      } as never,
    });
  const [adopt, disown] = [await order('a'), await order('b', true)];
  await mkdir(join(outside, 'sub'), { recursive: true });
  await writeFile(join(outside, 'main.conf'), 'version 1.0.0\nport 80\n', { mode: 0o640 });
  await writeFile(join(outside, 'sub/plain.conf'), 'plain 1.0.0\n');
  const common = {
    component: 'thing',
    kind: 'files' as const,
    observes: true as const,
    outside: async () =>
      (await Promise.all(['main.conf', 'sub/plain.conf'].map((name) => lstat(join(outside, name))))).map(
        ({ ino, ctimeMs, mode }) => `${ino} ${ctimeMs} ${mode}`,
      ),
  };
  await sweep.run(context, bench, {
    ...common,
    name: 'adoption',
    before: [],
    wanted: adopt,
    steps: ['reserve', 'fetch', 'stage', 'adopt', 'switch', 'apply', 'commit'],
  });
  await sweep.run(context, bench, {
    ...common,
    name: 'giving back',
    before: [adopt],
    wanted: disown,
    steps: ['disown', 'remove'],
  });
});

test('no journal point was left out of the sweep', () => {
  assert.deepEqual(sweep.missed(), []);
});
