import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { adoptionOrder } from '../../testing/adopting.ts';
import { Bench, crashSweep } from '../../testing/crash-sweep.ts';
import { debMachine } from '../../testing/deb-machine.ts';
import { debComponent, dpkgVersion, testDeb } from '../../testing/deb-packages.ts';
import { fakeBoot } from '../../testing/fake-boot.ts';
import { inOverlay } from '../../testing/in-overlay.ts';
import { temporaryFolder } from '../../testing/state-folder.ts';

const sweep = crashSweep('deb');
const names = ['xylem-test-main', 'xylem-test-lib', 'xylem-test-old'];

/** Of another scenario's state folder nothing is known: its packages would be somebody else's. */
const clean = (): void => {
  execFileSync('dpkg', ['--purge', '--force-depends', ...names], { stdio: 'ignore' });
};

/** What of it lies outside of its slot: the packages, and what is remembered of them. */
async function outside(state: string): Promise<unknown> {
  const record = await readFile(join(state, 'components', 'web', 'packages.json'), 'utf8').catch(() => null);
  const known =
    record === null ? null : { ...JSON.parse(record), asked: null, changedIn: null, checksum: null };
  return { packages: names.map((name) => [name, dpkgVersion(name)]), known };
}

const [main = '', lib = '', old = ''] = names;
const version1 = debComponent({
  component: 'web',
  version: '1.0.0',
  debs: [
    testDeb({ name: main, version: '1.0', control: [`Depends: ${lib} (>= 1.0)`] }),
    testDeb({ name: lib, version: '1.0', asNeeded: true }),
    testDeb({ name: old, version: '1.0' }),
  ],
});

const sweeps = (): void => {
  suite('crash sweep: deb', () => {
    test('deb: killed at any journal point of an install, or an update with a new start, the host finishes', async (context) => {
      const { reboots } = fakeBoot();
      const bench = new Bench(await temporaryFolder(context));
      clean();
      await sweep.run(context, bench, {
        name: 'install',
        component: 'web',
        kind: 'deb',
        before: [],
        wanted: await bench.wanted([version1]),
        steps: ['reserve', 'fetch', 'stage', 'preflight', 'switch'],
        outside,
      });
      const version2 = debComponent({
        component: 'web',
        version: '2.0.0',
        deb: { restart: 'reboot' },
        debs: [
          testDeb({ name: main, version: '2.0', control: [`Depends: ${lib} (>= 2.0)`] }),
          testDeb({ name: lib, version: '2.0', asNeeded: true }),
        ],
      });
      clean();
      await sweep.run(context, bench, {
        name: 'update',
        component: 'web',
        kind: 'deb',
        before: [await bench.wanted([version1])],
        wanted: await bench.wanted([version2], { keepPrevious: 0 }),
        steps: ['apply', 'reboot', 'commit', 'retire'],
        outside,
      });
      assert.ok(reboots() > 0);
    });

    test('deb: killed at any journal point of a failing update or a removal, the host reverts or removes', async (context) => {
      const bench = new Bench(await temporaryFolder(context));
      const bad = debComponent({
        component: 'web',
        version: '3.0.0',
        debs: [testDeb({ name: main, version: '3.0', scripts: { postinst: 'exit 7' } })],
      });
      const one = await bench.wanted([version1]);
      clean();
      await sweep.run(context, bench, {
        name: 'failing update',
        failing: ['apply'],
        component: 'web',
        kind: 'deb',
        before: [one],
        wanted: await bench.wanted([bad]),
        steps: ['apply', 'revert'],
        outside,
      });
      clean();
      await sweep.run(context, bench, {
        name: 'removal',
        component: 'web',
        kind: 'deb',
        before: [one],
        wanted: await bench.wanted([], { purge: ['web'] }),
        steps: ['unapply', 'remove', 'purge'],
        outside,
      });
    });

    test('deb: killed at any journal point of an adoption, or of its end, the host goes on, and what is installed stays', async (context) => {
      const bench = new Bench(await temporaryFolder(context));
      const debs = [
        testDeb({ name: main, version: '1.0', control: [`Depends: ${lib}`] }),
        testDeb({ name: lib, version: '1.0', asNeeded: true }),
      ];
      const web = debComponent({ component: 'web', version: '1.0.0', debs });
      const [a, b] = ['a'.repeat(32), 'b'.repeat(32)];
      const adopt = await bench.wanted([web], adoptionOrder('web', a));
      const disown = await bench.wanted([web], adoptionOrder('web', b, true));
      const common = {
        component: 'web',
        kind: 'deb',
        observes: true,
        byHand: async () => debMachine.installByHand(...debs),
        outside,
        meanwhile: async () => assert.deepEqual([main, lib].map(dpkgVersion), ['1.0', '1.0']),
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

inOverlay(import.meta.filename, sweeps);
