import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { adoptionOrder } from '../../testing/adopting.ts';
import { Bench, crashSweep } from '../../testing/crash-sweep.ts';
import { fakeBoot } from '../../testing/fake-boot.ts';
import { inOverlay } from '../../testing/in-overlay.ts';
import { rpmMachine } from '../../testing/rpm-machine.ts';
import { baseRpms, rpmComponent, rpmVersion, testRpm } from '../../testing/rpm-packages.ts';
import { temporaryFolder } from '../../testing/state-folder.ts';

const sweep = crashSweep('rpm');
const names = ['xylem-test-main', 'xylem-test-lib', 'xylem-test-old'];

/** Of another scenario's state folder nothing is known: its packages would be somebody else's. */
const clean = (): void => {
  for (const name of names) spawnSync('rpm', ['-e', '--nodeps', '--allmatches', name], { stdio: 'ignore' });
};

/** What of it lies outside of its slot: the packages, and what is remembered of them. */
async function outside(state: string): Promise<unknown> {
  const record = await readFile(join(state, 'components', 'web', 'packages.json'), 'utf8').catch(() => null);
  const known =
    record === null ? null : { ...JSON.parse(record), asked: null, changedIn: null, checksum: null };
  return { packages: names.map((name) => [name, rpmVersion(name)]), known };
}

const [main = '', lib = '', old = ''] = names;

const sweeps = (): void => {
  const version1 = rpmComponent({
    component: 'web',
    version: '1.0.0',
    rpms: [
      testRpm({ name: main, version: '1.0', tags: [`Requires: ${lib} >= 1.0`] }),
      testRpm({ name: lib, version: '1.0', asNeeded: true }),
      testRpm({ name: old, version: '1.0', tags: [`Requires: ${main} < 2`] }),
    ],
  });

  suite('crash sweep: rpm', () => {
    test('rpm: killed at any journal point of an install, or an update with a new start, the host finishes', async (context) => {
      const { reboots } = fakeBoot();
      baseRpms();
      const bench = new Bench(await temporaryFolder(context));
      await sweep.run(context, bench, {
        name: 'install',
        component: 'web',
        kind: 'rpm',
        before: [],
        wanted: await bench.wanted([version1]),
        steps: ['reserve', 'fetch', 'stage', 'preflight', 'switch'],
        outside,
      });
      const version2 = rpmComponent({
        component: 'web',
        version: '2.0.0',
        rpm: { restart: 'reboot' },
        rpms: [
          testRpm({ name: main, version: '2.0', tags: [`Requires: ${lib} >= 2.0`] }),
          testRpm({ name: lib, version: '2.0', asNeeded: true }),
        ],
      });
      clean();
      await sweep.run(context, bench, {
        name: 'update',
        component: 'web',
        kind: 'rpm',
        before: [await bench.wanted([version1])],
        wanted: await bench.wanted([version2], { keepPrevious: 0 }),
        steps: ['apply', 'reboot', 'commit', 'retire'],
        outside,
      });
      assert.ok(reboots() > 0);
    });

    test('rpm: killed at any journal point of a failing update or a removal, the host reverts or removes', async (context) => {
      const bench = new Bench(await temporaryFolder(context));
      const bad = rpmComponent({
        component: 'web',
        version: '3.0.0',
        rpms: [testRpm({ name: main, version: '3.0', scripts: { post: 'exit 7' } })],
      });
      const one = await bench.wanted([version1]);
      clean();
      await sweep.run(context, bench, {
        name: 'failing update',
        failing: ['apply'],
        component: 'web',
        kind: 'rpm',
        before: [one],
        wanted: await bench.wanted([bad]),
        steps: ['apply', 'revert'],
        outside,
      });
      clean();
      await sweep.run(context, bench, {
        name: 'removal',
        component: 'web',
        kind: 'rpm',
        before: [one],
        wanted: await bench.wanted([], { purge: ['web'] }),
        steps: ['unapply', 'remove', 'purge'],
        outside,
      });
    });

    test('rpm: killed at any journal point of an adoption, or of its end, the host goes on, and what is installed stays', async (context) => {
      const bench = new Bench(await temporaryFolder(context));
      const rpms = [
        testRpm({ name: main, version: '1.0', tags: [`Requires: ${lib}`] }),
        testRpm({ name: lib, version: '1.0', asNeeded: true }),
      ];
      const web = rpmComponent({ component: 'web', version: '1.0.0', rpms });
      const [a, b] = ['a'.repeat(32), 'b'.repeat(32)];
      const adopt = await bench.wanted([web], adoptionOrder('web', a));
      const disown = await bench.wanted([web], adoptionOrder('web', b, true));
      const common = {
        component: 'web',
        kind: 'rpm',
        observes: true,
        byHand: async () => rpmMachine.installByHand(...rpms),
        outside,
        meanwhile: async () => assert.deepEqual([main, lib].map(rpmVersion), ['1.0', '1.0']),
      } as const;
      clean();
      await sweep.run(context, bench, {
        ...common,
        name: 'adoption',
        before: [],
        wanted: adopt,
        // What comes before them is that of every kind.
        steps: ['adopt', 'switch', 'commit'],
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
};

inOverlay(import.meta.filename, sweeps, ['rpm']);
