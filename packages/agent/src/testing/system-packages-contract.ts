import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite, type TestContext, test } from 'node:test';
import type { CarriedPackage } from '@xylem/core';
import { waitUntil } from '@xylem/testkit';
import type { Convergence } from '../converge/converge.ts';
import { Bench, converge } from './crash-sweep.ts';
import { type TestPackage, testPackage } from './packages.ts';
import { temporaryFolder } from './state-folder.ts';

export interface TestSystemPackage {
  readonly carried: CarriedPackage;
  readonly content: Uint8Array;
}

export interface SystemPackageOptions {
  readonly name: string;
  readonly version: string;
  /** Names, with the least version where there is one. */
  readonly requires?: readonly (readonly [name: string, atLeast?: string])[];
  /** A package in whose place it comes. */
  readonly replaces?: string;
  readonly files?: Readonly<Record<string, string | Buffer>>;
  readonly modes?: Readonly<Record<string, number>>;
  /** Of files that stay as somebody changed them. */
  readonly configs?: readonly string[];
  /** Run before its files are there, and after. */
  readonly scripts?: { readonly before?: string; readonly after?: string };
  readonly asNeeded?: boolean;
  readonly installedKiB?: number;
}

/** A package system on a machine that may be changed. */
export interface SystemPackagesMachine {
  readonly kind: 'deb' | 'rpm';
  make(options: SystemPackageOptions): TestSystemPackage;
  component(options: {
    component: string;
    version: string;
    packages: readonly TestSystemPackage[];
    after?: string[];
    restart?: 'reboot';
  }): TestPackage;
  /** The version of a package that is there, without a release of the packager's; null: none is. */
  versionOf(name: string): string | null;
  /** As the administrator of the machine would, with no word to Xylem. */
  installByHand(...packages: readonly TestSystemPackage[]): void;
  hold(name: string): void;
  unhold(name: string): void;
}

interface Host {
  /** Leads it there, and says what waits: code by component. */
  to(...packages: TestPackage[]): Promise<Record<string, string>>;
  last(): Convergence;
  messageOf(component: string): string;
  readonly state: string;
}

export async function packageHost(context: TestContext): Promise<Host> {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  let last: Convergence | null = null;
  const current = (): Convergence => last ?? assert.fail('nothing was done yet');
  return {
    state,
    to: async (...packages) => {
      last = await converge(state, await bench.wanted(packages));
      return Object.fromEntries([...last.waiting].map(([component, { code }]) => [component, code]));
    },
    last: current,
    messageOf: (component) => current().waiting.get(component)?.message ?? '',
  };
}

/** What every driver of a package system promises beside the contract of all drivers. */
export function systemPackagesContract(machine: SystemPackagesMachine): void {
  const { make, component, versionOf, installByHand } = machine;
  const web = (version: string, ...packages: TestSystemPackage[]): TestPackage =>
    component({ component: 'web', version, packages });

  suite(`system packages: ${machine.kind}`, () => {
    test('what is held is not changed, and goes on as soon as it is free', async (context) => {
      const own = await packageHost(context);
      const [v1, v2] = ['1.0', '2.0'].map((version) =>
        web(`${version}.0`, make({ name: 'xt-held', version })),
      );
      assert.ok(v1 && v2);
      assert.deepEqual(await own.to(v1), {});
      machine.hold('xt-held');
      assert.deepEqual(await own.to(v2), { web: 'E_PACKAGE_HELD' });
      assert.match(own.messageOf('web'), /xt-held/);
      assert.equal(versionOf('xt-held'), '1.0');
      machine.unhold('xt-held');
      assert.deepEqual(await own.to(v2), {});
      assert.equal(versionOf('xt-held'), '2.0');
    });

    test('what others installed is neither removed nor set back, and stays when the component goes', async (context) => {
      const own = await packageHost(context);
      installByHand(make({ name: 'xt-theirs', version: '5.0' }), make({ name: 'xt-shared', version: '1.0' }));
      const rival = make({ name: 'xt-rival', version: '1.0', replaces: 'xt-theirs' });
      assert.deepEqual(await own.to(web('1.0.0', rival)), { web: 'E_OTHERS_PACKAGE' });
      assert.match(own.messageOf('web'), /xt-theirs would be removed/);
      const older = make({ name: 'xt-theirs', version: '4.0' });
      assert.deepEqual(await own.to(web('1.0.0', older)), { web: 'E_OTHERS_PACKAGE' });
      assert.match(own.messageOf('web'), /xt-theirs 5\.0\S*, which others installed, would go back to 4\.0/);
      // Raised, and ours to lead from then on; but it was there before.
      const brought = [
        make({ name: 'xt-shared', version: '2.0' }),
        make({ name: 'xt-own', version: '2.0' }),
        make({ name: 'xt-needed', version: '2.0' }),
      ];
      assert.deepEqual(await own.to(web('2.0.0', ...brought)), {});
      installByHand(make({ name: 'xt-user', version: '1.0', requires: [['xt-needed']] }));
      assert.deepEqual(await own.to(), {});
      const left = ['xt-theirs', 'xt-shared', 'xt-own', 'xt-needed', 'xt-user'].map(versionOf);
      assert.deepEqual(left, ['5.0', '2.0', null, '2.0', '1.0']);
    });

    test('dependencies come from what the release carries, of other components too, and only where they are needed', async (context) => {
      const own = await packageHost(context);
      const main = make({ name: 'xt-app', version: '1.0', requires: [['xt-base', '2.0'], ['xt-dep']] });
      const dep = make({ name: 'xt-dep', version: '1.0', asNeeded: true });
      const unneeded = make({ name: 'xt-unneeded', version: '1.0', asNeeded: true });
      const app = web('1.0.0', main, dep, unneeded);
      assert.deepEqual(await own.to(app), { web: 'E_DEPENDENCY' });
      assert.match(own.messageOf('web'), /xt-base \(?>= 2\.0/);
      assert.equal(versionOf('xt-dep'), null, 'nothing was begun');
      const base = component({
        component: 'base',
        version: '1.0.0',
        packages: [
          make({ name: 'xt-other', version: '1.0' }),
          make({ name: 'xt-base', version: '2.0', asNeeded: true }),
        ],
      });
      assert.deepEqual(await own.to(base, { ...app, after: ['base'] }), {});
      const found = ['xt-app', 'xt-dep', 'xt-base', 'xt-unneeded'].map(versionOf);
      assert.deepEqual(found, ['1.0', '1.0', '2.0', null]);
      assert.deepEqual(await own.to(), {});
      assert.deepEqual(['xt-app', 'xt-dep', 'xt-base', 'xt-other'].map(versionOf), [null, null, null, null]);
    });

    test('a return sets back what Xylem brought, and removes what only the newer version had', async (context) => {
      const own = await packageHost(context);
      const conf = '/etc/xt-back.conf';
      const back = (version: string): TestSystemPackage =>
        make({ name: 'xt-back', version, files: { [conf]: `of ${version}\n` }, configs: [conf] });
      // What only the newer version has needs its newer neighbour: it must go first.
      const more = make({ name: 'xt-new', version: '1.0', requires: [['xt-back', '2.0']] });
      const [v1, v2] = [web('1.0.0', back('1.0')), web('2.0.0', back('2.0'), more)];
      assert.deepEqual(await own.to(v1), {});
      assert.deepEqual(await own.to(v2), {});
      assert.equal(readFileSync(conf, 'utf8'), 'of 2.0\n');
      writeFileSync(conf, 'by the administrator\n');
      assert.deepEqual(await own.to(v1), {});
      assert.deepEqual(['xt-back', 'xt-new'].map(versionOf), ['1.0', null]);
      assert.equal(readFileSync(conf, 'utf8'), 'by the administrator\n');
    });

    test('a newer version may replace a package of its own by another', async (context) => {
      const own = await packageHost(context);
      assert.deepEqual(await own.to(web('1.0.0', make({ name: 'xt-before', version: '1.0' }))), {});
      const after = make({ name: 'xt-after', version: '1.0', replaces: 'xt-before' });
      assert.deepEqual(await own.to(web('2.0.0', after)), {});
      assert.deepEqual(['xt-before', 'xt-after'].map(versionOf), [null, '1.0']);
    });

    test('a package that somebody else updated is put right', async (context) => {
      const own = await packageHost(context);
      const v1 = web('1.0.0', make({ name: 'xt-drift', version: '1.0' }));
      assert.deepEqual(await own.to(v1), {});
      installByHand(make({ name: 'xt-drift', version: '9.0' }));
      assert.deepEqual(await own.to(v1), {});
      assert.equal(versionOf('xt-drift'), '1.0');
    });

    for (const script of ['before', 'after'] as const) {
      test(`killed in the script that runs ${script}, it is repaired: first the former version, then the new one`, async (context) => {
        const own = await packageHost(context);
        const name = `xt-killed-${script}`;
        const v1 = web('1.0.0', make({ name, version: '1.0' }));
        const v2 = web(
          '2.0.0',
          make({ name, version: '2.0', scripts: { [script]: killOnce(`/var/tmp/${name}`) } }),
        );
        assert.deepEqual(await own.to(v1), {});
        assert.deepEqual(await own.to(v2), { web: 'E_PACKAGE_SYSTEM' });
        assert.equal(versionOf(name), '1.0');
        assert.deepEqual(await own.to(v2), {});
        assert.equal(versionOf(name), '2.0');
      });

      test(`a first installation that was killed in the script that runs ${script} is taken up again, or removed`, async (context) => {
        const own = await packageHost(context);
        const name = `xt-first-${script}`;
        const once = `/var/tmp/${name}`;
        const v1 = web('1.0.0', make({ name, version: '1.0', scripts: { [script]: killOnce(once) } }));
        assert.deepEqual(await own.to(v1), { web: 'E_PACKAGE_SYSTEM' });
        assert.deepEqual(await own.to(v1), {});
        assert.equal(versionOf(name), '1.0');
        assert.deepEqual(await own.to(), {});
        rmSync(once);
        assert.deepEqual(await own.to(v1), { web: 'E_PACKAGE_SYSTEM' });
        assert.deepEqual(await own.to(), {});
        assert.equal(versionOf(name), null);
      });
    }

    test('on a full disk the former version stays or comes back, and the new one follows', async (context) => {
      const own = await packageHost(context);
      const name = 'xt-full';
      const filler = '/var/tmp/xt-filler';
      context.after(() => rmSync(filler, { force: true }));
      const v1 = web('1.0.0', make({ name, version: '1.0' }));
      assert.deepEqual(await own.to(v1), {});
      const huge = web('2.0.0', make({ name, version: '2.0', installedKiB: 2 ** 30 }));
      assert.deepEqual(await own.to(huge), { web: 'E_DISK_FULL' });
      assert.equal(versionOf(name), '1.0');
      const full = `[ -e ${filler}.once ] || { : >${filler}.once; cat /dev/zero >${filler} 2>/dev/null; }`;
      const files = { '/usr/share/xt-full/much': 'x'.repeat(100 << 10) };
      const v3 = web('3.0.0', make({ name, version: '3.0', files, scripts: { before: `${full}; exit 0` } }));
      assert.deepEqual(await own.to(v3), { web: 'E_DISK_FULL' });
      assert.ok(existsSync(filler));
      rmSync(filler);
      assert.deepEqual(await own.to(v3), {});
      assert.equal(versionOf(name), '3.0');
    });

    test('a service that runs with a replaced file is started again, another process is named', async (context) => {
      const own = await packageHost(context);
      const program = '/usr/lib/xt-library/run';
      const library = (version: string): TestSystemPackage =>
        make({
          name: 'xt-library',
          version,
          files: { [program]: readFileSync('/bin/sleep') },
          modes: { [program]: 0o755 },
        });
      const service = testPackage({
        component: 'api',
        version: '1.0.0',
        kind: 'service',
        files: { any: 'file' },
        service: { command: [program, '1000'] },
      });
      assert.deepEqual(await own.to(web('1.0.0', library('1.0')), { ...service, after: ['web'] }), {});
      const before = own.last().slots.get('api')?.running?.instance;
      const other = spawn(program, ['1000'], { stdio: 'ignore' });
      try {
        const maps = (): string => readFileSync(`/proc/${other.pid}/maps`, 'utf8');
        await waitUntil(() => maps().includes(program), 20_000, 'its start');
        assert.deepEqual(await own.to(web('2.0.0', library('2.0')), { ...service, after: ['web'] }), {});
        const api = own.last().slots.get('api')?.running;
        assert.ok(api?.alive === true && api.instance !== before, 'another process');
        const [note, ...rest] = own.last().slots.get('web')?.running?.notes ?? [];
        assert.deepEqual(rest, []);
        assert.equal(note?.code, 'E_RESTART_NEEDED');
        assert.match(note?.message ?? '', new RegExp(`run \\(${other.pid}\\)$`));
      } finally {
        other.kill('SIGKILL');
        await new Promise((resolve) => other.once('close', resolve));
      }
      await own.to(web('2.0.0', library('2.0')), { ...service, after: ['web'] });
      assert.equal(own.last().slots.get('web')?.running?.notes, undefined);
    });
  });
}

/** Kills the package system, from within its own script, the first time. */
function killOnce(mark: string): string {
  return `[ -e ${mark} ] || { : >${mark}; kill -9 $PPID; sleep 1; }`;
}
