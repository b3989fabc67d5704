import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { adoptionOrder } from './adopting.ts';
import { Bench, crashSweep } from './crash-sweep.ts';
import { fakeBoot } from './fake-boot.ts';
import { temporaryFolder } from './state-folder.ts';
import type { SystemPackagesMachine, TestSystemPackage } from './system-packages-contract.ts';

const main = 'xylem-test-main';
const lib = 'xylem-test-lib';
/** Goes with the first update. */
export const outdated = 'xylem-test-old';
const names = [main, lib, outdated];

/** Registers the kill sweep over what a package system installs. To be called on a machine that may be changed. */
export function systemPackagesCrashSweep(
  machine: SystemPackagesMachine,
  own: {
    /** Purges these from the machine, whoever needs them. */
    readonly purge: (names: readonly string[]) => void;
    /** Of the package that goes: what its package system wants of it. */
    readonly old: () => TestSystemPackage;
    /** What the machine needs first. */
    readonly before?: () => void;
  },
): void {
  const { kind, make, component, versionOf } = machine;
  const sweep = crashSweep(kind);
  /** Of another scenario's state folder nothing is known: its packages would be somebody else's. */
  const clean = (): void => own.purge(names);
  /** What of it lies outside of its slot: the packages, and what is remembered of them. */
  const outside = async (state: string): Promise<unknown> => {
    const record = await readFile(join(state, 'components', 'web', 'packages.json'), 'utf8').catch(
      () => null,
    );
    const known =
      record === null ? null : { ...JSON.parse(record), asked: null, changedIn: null, checksum: null };
    return { packages: names.map((name) => [name, versionOf(name)]), known };
  };
  const needed = (version: string): TestSystemPackage => make({ name: lib, version, asNeeded: true });
  const first = () =>
    component({
      component: 'web',
      version: '1.0.0',
      packages: [make({ name: main, version: '1.0', requires: [[lib, '1.0']] }), needed('1.0'), own.old()],
    });

  suite(`crash sweep: ${kind}`, () => {
    test(`${kind}: killed at any journal point of an install, or an update with a new start, the host finishes`, async (context) => {
      const { reboots } = fakeBoot();
      own.before?.();
      const bench = new Bench(await temporaryFolder(context));
      const version1 = first();
      clean();
      await sweep.run(context, bench, {
        name: 'install',
        component: 'web',
        kind,
        before: [],
        wanted: await bench.wanted([version1]),
        steps: ['reserve', 'fetch', 'stage', 'preflight', 'switch'],
        outside,
      });
      const version2 = component({
        component: 'web',
        version: '2.0.0',
        restart: 'reboot',
        packages: [make({ name: main, version: '2.0', requires: [[lib, '2.0']] }), needed('2.0')],
      });
      clean();
      await sweep.run(context, bench, {
        name: 'update',
        component: 'web',
        kind,
        before: [await bench.wanted([version1])],
        wanted: await bench.wanted([version2], { keepPrevious: 0 }),
        steps: ['apply', 'reboot', 'commit', 'retire'],
        outside,
      });
      assert.ok(reboots() > 0);
    });

    test(`${kind}: killed at any journal point of a failing update or a removal, the host reverts or removes`, async (context) => {
      const bench = new Bench(await temporaryFolder(context));
      const bad = component({
        component: 'web',
        version: '3.0.0',
        packages: [make({ name: main, version: '3.0', scripts: { after: 'exit 7' } })],
      });
      const one = await bench.wanted([first()]);
      clean();
      await sweep.run(context, bench, {
        name: 'failing update',
        failing: ['apply'],
        component: 'web',
        kind,
        before: [one],
        wanted: await bench.wanted([bad]),
        steps: ['apply', 'revert'],
        outside,
      });
      clean();
      await sweep.run(context, bench, {
        name: 'removal',
        component: 'web',
        kind,
        before: [one],
        wanted: await bench.wanted([], { purge: ['web'] }),
        steps: ['unapply', 'remove', 'purge'],
        outside,
      });
    });

    test(`${kind}: killed at any journal point of an adoption, or of its end, the host goes on, and what is installed stays`, async (context) => {
      const bench = new Bench(await temporaryFolder(context));
      const packages = [make({ name: main, version: '1.0', requires: [[lib]] }), needed('1.0')];
      const web = component({ component: 'web', version: '1.0.0', packages });
      const [a, b] = ['a'.repeat(32), 'b'.repeat(32)];
      const adopt = await bench.wanted([web], adoptionOrder('web', a));
      const disown = await bench.wanted([web], adoptionOrder('web', b, true));
      const common = {
        component: 'web',
        kind,
        observes: true,
        byHand: async () => machine.installByHand(...packages),
        outside,
        meanwhile: async () => assert.deepEqual([main, lib].map(versionOf), ['1.0', '1.0']),
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
}
