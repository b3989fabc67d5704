import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { waitUntil } from '@xylem/testkit';
import type { Convergence } from '../../converge/converge.ts';
import { Bench, converge } from '../../testing/crash-sweep.ts';
import { debComponent, dpkgVersion, type TestDeb, testDeb } from '../../testing/deb-packages.ts';
import { inOverlay } from '../../testing/in-overlay.ts';
import { type TestPackage, testPackage } from '../../testing/packages.ts';
import { temporaryFolder } from '../../testing/state-folder.ts';

/** As the administrator of the machine would, with no word to Xylem. */
function installByHand(...debs: TestDeb[]): void {
  const folder = mkdtempSync('/tmp/xylem-by-hand-');
  const paths = debs.map(({ carried, content }) => {
    const path = join(folder, carried.file);
    writeFileSync(path, content);
    return path;
  });
  execFileSync('dpkg', ['--install', ...paths], { stdio: 'ignore' });
}

const web = (version: string, ...debs: TestDeb[]): TestPackage =>
  debComponent({ component: 'web', version, debs });

interface Machine {
  /** Leads it there, and says what waits: code by component. */
  to(...packages: TestPackage[]): Promise<Record<string, string>>;
  last(): Convergence;
  readonly state: string;
}

async function machine(context: TestContext): Promise<Machine> {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  let last: Convergence | null = null;
  return {
    state,
    to: async (...packages) => {
      last = await converge(state, await bench.wanted(packages));
      return Object.fromEntries([...last.waiting].map(([component, { code }]) => [component, code]));
    },
    last: () => last ?? assert.fail('nothing was done yet'),
  };
}

const messageOf = (own: Machine, component: string): string =>
  own.last().waiting.get(component)?.message ?? '';

const tests = (): void => {
  test('what is held is not changed, and goes on as soon as it is free', async (context) => {
    const own = await machine(context);
    const [v1, v2] = ['1.0', '2.0'].map((version) =>
      web(`${version}.0`, testDeb({ name: 'xt-held', version })),
    );
    assert.ok(v1 && v2);
    assert.deepEqual(await own.to(v1), {});
    execFileSync('apt-mark', ['hold', 'xt-held']);
    assert.deepEqual(await own.to(v2), { web: 'E_PACKAGE_HELD' });
    assert.match(messageOf(own, 'web'), /xt-held/);
    assert.equal(dpkgVersion('xt-held'), '1.0');
    execFileSync('apt-mark', ['unhold', 'xt-held']);
    assert.deepEqual(await own.to(v2), {});
    assert.equal(dpkgVersion('xt-held'), '2.0');
  });

  test('what others installed is neither removed nor set back, and stays when the component goes', async (context) => {
    const own = await machine(context);
    const theirs = testDeb({ name: 'xt-theirs', version: '5.0' });
    installByHand(theirs, testDeb({ name: 'xt-shared', version: '1.0' }));
    const conflicting = testDeb({ name: 'xt-rival', version: '1.0', control: ['Conflicts: xt-theirs'] });
    assert.deepEqual(await own.to(web('1.0.0', conflicting)), { web: 'E_OTHERS_PACKAGE' });
    assert.match(messageOf(own, 'web'), /xt-theirs would be removed/);
    const older = testDeb({ name: 'xt-theirs', version: '4.0' });
    assert.deepEqual(await own.to(web('1.0.0', older)), { web: 'E_OTHERS_PACKAGE' });
    assert.match(messageOf(own, 'web'), /xt-theirs 5\.0, which others installed, would go back to 4\.0/);
    // Raised, and ours to lead from then on; but it was there before.
    const brought = [
      testDeb({ name: 'xt-shared', version: '2.0' }),
      testDeb({ name: 'xt-own', version: '2.0' }),
      testDeb({ name: 'xt-needed', version: '2.0' }),
    ];
    assert.deepEqual(await own.to(web('2.0.0', ...brought)), {});
    installByHand(testDeb({ name: 'xt-user', version: '1.0', control: ['Depends: xt-needed'] }));
    assert.deepEqual(await own.to(), {});
    const left = ['xt-theirs', 'xt-shared', 'xt-own', 'xt-needed', 'xt-user'].map(dpkgVersion);
    assert.deepEqual(left, ['5.0', '2.0', null, '2.0', '1.0']);
  });

  test('dependencies come from what the release carries, of other components too, and only where they are needed', async (context) => {
    const own = await machine(context);
    const main = testDeb({ name: 'xt-app', version: '1.0', control: ['Depends: xt-base (>= 2.0), xt-dep'] });
    const dep = testDeb({ name: 'xt-dep', version: '1.0', asNeeded: true });
    const unneeded = testDeb({ name: 'xt-unneeded', version: '1.0', asNeeded: true });
    const app = web('1.0.0', main, dep, unneeded);
    assert.deepEqual(await own.to(app), { web: 'E_DEPENDENCY' });
    assert.match(messageOf(own, 'web'), /xt-base \(>= 2\.0\)/);
    assert.equal(dpkgVersion('xt-dep'), null, 'nothing was begun');
    const base = debComponent({
      component: 'base',
      version: '1.0.0',
      debs: [
        testDeb({ name: 'xt-other', version: '1.0' }),
        testDeb({ name: 'xt-base', version: '2.0', asNeeded: true }),
      ],
    });
    assert.deepEqual(await own.to(base, { ...app, after: ['base'] }), {});
    const found = ['xt-app', 'xt-dep', 'xt-base', 'xt-unneeded'].map(dpkgVersion);
    assert.deepEqual(found, ['1.0', '1.0', '2.0', null]);
    assert.deepEqual(await own.to(), {});
    assert.deepEqual(['xt-app', 'xt-dep', 'xt-base', 'xt-other'].map(dpkgVersion), [null, null, null, null]);
  });

  test('a return sets back what Xylem brought, and removes what only the newer version had', async (context) => {
    const own = await machine(context);
    const conf = '/etc/xt-back.conf';
    const deb = (version: string): TestDeb =>
      testDeb({ name: 'xt-back', version, files: { [conf]: `of ${version}\n` }, conffiles: [conf] });
    const [v1, v2] = [
      web('1.0.0', deb('1.0')),
      web('2.0.0', deb('2.0'), testDeb({ name: 'xt-new', version: '1.0' })),
    ];
    assert.deepEqual(await own.to(v1), {});
    assert.deepEqual(await own.to(v2), {});
    assert.equal(readFileSync(conf, 'utf8'), 'of 2.0\n');
    writeFileSync(conf, 'by the administrator\n');
    assert.deepEqual(await own.to(v1), {});
    assert.deepEqual(['xt-back', 'xt-new'].map(dpkgVersion), ['1.0', null]);
    assert.equal(readFileSync(conf, 'utf8'), 'by the administrator\n');
  });

  test('a newer version may replace a package of its own by another', async (context) => {
    const own = await machine(context);
    assert.deepEqual(await own.to(web('1.0.0', testDeb({ name: 'xt-before', version: '1.0' }))), {});
    const control = ['Conflicts: xt-before', 'Replaces: xt-before'];
    assert.deepEqual(await own.to(web('2.0.0', testDeb({ name: 'xt-after', version: '1.0', control }))), {});
    assert.deepEqual(['xt-before', 'xt-after'].map(dpkgVersion), [null, '1.0']);
  });

  test('a package that somebody else updated is put right', async (context) => {
    const own = await machine(context);
    const v1 = web('1.0.0', testDeb({ name: 'xt-drift', version: '1.0' }));
    assert.deepEqual(await own.to(v1), {});
    installByHand(testDeb({ name: 'xt-drift', version: '9.0' }));
    assert.deepEqual(await own.to(v1), {});
    assert.equal(dpkgVersion('xt-drift'), '1.0');
  });

  for (const script of ['preinst', 'postinst']) {
    test(`dpkg killed in a ${script} is repaired: first the former version, then the new one`, async (context) => {
      const own = await machine(context);
      const name = `xt-killed-${script}`;
      const once = `/var/tmp/${name}`;
      const kill = `[ -e ${once} ] || { : >${once}; kill -9 $PPID; sleep 1; }`;
      const v1 = web('1.0.0', testDeb({ name, version: '1.0' }));
      const v2 = web('2.0.0', testDeb({ name, version: '2.0', scripts: { [script]: kill } }));
      assert.deepEqual(await own.to(v1), {});
      assert.deepEqual(await own.to(v2), { web: 'E_PACKAGE_SYSTEM' });
      assert.equal(dpkgVersion(name), '1.0');
      assert.deepEqual(await own.to(v2), {});
      assert.equal(dpkgVersion(name), '2.0');
    });
  }

  test('a first installation that was killed is taken up again, or removed', async (context) => {
    const own = await machine(context);
    const once = '/var/tmp/xt-first';
    const kill = `[ -e ${once} ] || { : >${once}; kill -9 $PPID; sleep 1; }`;
    const v1 = web('1.0.0', testDeb({ name: 'xt-first', version: '1.0', scripts: { preinst: kill } }));
    assert.deepEqual(await own.to(v1), { web: 'E_PACKAGE_SYSTEM' });
    assert.notEqual(dpkgVersion('xt-first'), '1.0');
    assert.deepEqual(await own.to(v1), {});
    assert.equal(dpkgVersion('xt-first'), '1.0');
    assert.deepEqual(await own.to(), {});
    rmSync(once);
    assert.deepEqual(await own.to(v1), { web: 'E_PACKAGE_SYSTEM' });
    assert.deepEqual(await own.to(), {});
    assert.equal(dpkgVersion('xt-first'), null);
  });

  test('on a full disk the former version stays or comes back, and the new one follows', async (context) => {
    const own = await machine(context);
    const name = 'xt-full';
    const filler = '/var/tmp/xt-filler';
    const v1 = web('1.0.0', testDeb({ name, version: '1.0' }));
    assert.deepEqual(await own.to(v1), {});
    const huge = web('2.0.0', testDeb({ name, version: '2.0', installedKiB: 2 ** 30 }));
    assert.deepEqual(await own.to(huge), { web: 'E_DISK_FULL' });
    assert.equal(dpkgVersion(name), '1.0');
    const full = `[ -e ${filler}.once ] || { : >${filler}.once; cat /dev/zero >${filler} 2>/dev/null; }`;
    const files = { '/usr/share/xt-full/much': 'x'.repeat(100 << 10) };
    const v3 = web(
      '3.0.0',
      testDeb({ name, version: '3.0', files, scripts: { preinst: `${full}; exit 0` } }),
    );
    assert.deepEqual(await own.to(v3), { web: 'E_DISK_FULL' });
    assert.ok(existsSync(filler));
    rmSync(filler);
    assert.deepEqual(await own.to(v3), {});
    assert.equal(dpkgVersion(name), '3.0');
  });

  test('a service that runs with a replaced file is started again, another process is named', async (context) => {
    const own = await machine(context);
    const program = '/usr/lib/xt-library/run';
    const deb = (version: string): TestDeb =>
      testDeb({
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
    assert.deepEqual(await own.to(web('1.0.0', deb('1.0')), { ...service, after: ['web'] }), {});
    const before = own.last().slots.get('api')?.running?.instance;
    const other = spawn(program, ['1000'], { stdio: 'ignore' });
    try {
      await waitUntil(
        () => readFileSync(`/proc/${other.pid}/maps`, 'utf8').includes(program),
        20_000,
        'its start',
      );
      assert.deepEqual(await own.to(web('2.0.0', deb('2.0')), { ...service, after: ['web'] }), {});
      const api = own.last().slots.get('api')?.running;
      assert.ok(api?.alive === true && api.instance !== before, 'another process');
      const [note, ...more] = own.last().slots.get('web')?.running?.notes ?? [];
      assert.deepEqual(more, []);
      assert.equal(note?.code, 'E_RESTART_NEEDED');
      assert.match(note?.message ?? '', new RegExp(`run \\(${other.pid}\\)$`));
    } finally {
      other.kill('SIGKILL');
      await new Promise((resolve) => other.once('close', resolve));
    }
    await own.to(web('2.0.0', deb('2.0')), { ...service, after: ['web'] });
    assert.equal(own.last().slots.get('web')?.running?.notes, undefined);
  });
};

inOverlay(import.meta.filename, tests);
