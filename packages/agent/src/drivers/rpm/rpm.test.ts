import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { waitUntil } from '@xylem/testkit';
import { inOverlay } from '../../testing/in-overlay.ts';
import type { TestPackage } from '../../testing/packages.ts';
import { rpmMachine, versionlock } from '../../testing/rpm-machine.ts';
import {
  baseRpms,
  installRpms,
  rpmComponent,
  rpmVersion,
  type TestRpm,
  testRpm,
} from '../../testing/rpm-packages.ts';
import { packageHost, systemPackagesContract } from '../../testing/system-packages-contract.ts';
import { compareRpmVersions } from './versions.ts';

const web = (version: string, ...rpms: TestRpm[]): TestPackage =>
  rpmComponent({ component: 'web', version, rpms });

const tests = (): void => {
  test('where rpm has no database, not yet or no more, nothing is installed, and what comes is taken', async (context) => {
    const database = execFileSync('rpm', ['--eval', '%{_dbpath}']).toString().trim();
    const own = await packageHost(context);
    const v1 = web('1.0.0', testRpm({ name: 'xt-very-first', version: '1.0' }));
    for (const when of ['not yet', 'no more']) {
      rmSync(database, { recursive: true, force: true });
      assert.deepEqual(await own.to(v1), {}, when);
      assert.equal(rpmVersion('xt-very-first'), '1.0', when);
    }
    baseRpms();
  });

  systemPackagesContract(rpmMachine);

  suite('rpm', () => {
    test('what dnf, yum and zypper hold back is held, by version where they say one', async (context) => {
      const own = await packageHost(context);
      const at = (version: string): TestPackage =>
        web(`${version}.0`, testRpm({ name: 'xt-locked', version }));
      assert.deepEqual(await own.to(at('1.0')), {});
      const held = { web: 'E_PACKAGE_HELD' };
      const locks: readonly (readonly [path: string, text: string, answer: object])[] = [
        ['/etc/yum/pluginconf.d/versionlock.list', '0:xt-locked-1.0-1.*\n', held],
        ['/etc/dnf/versionlock.toml', 'version = "1.0"\n[[packages]]\nname = "xt-locked"\n', held],
        ['/etc/zypp/locks', 'type: package\nmatch_type: glob\nsolvable_name: xt-lo*\n', held],
        [versionlock, '!xt-locked-0:2.0-1.*\n', held],
        [versionlock, 'xt-lockedd-0:1.0-1.*\nxt-locked-0:2.0-*.*\n', {}],
      ];
      for (const [path, text, answer] of locks) {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
        assert.deepEqual(await own.to(at('2.0')), answer, path);
        rmSync(path);
      }
      assert.equal(rpmVersion('xt-locked'), '2.0');
    });

    for (const script of ['pre', 'post', 'posttrans'] as const) {
      test(`a ${script} script that fails is the package's fault, and the former one is there again`, async (context) => {
        const own = await packageHost(context);
        const name = `xt-fails-${script}`;
        assert.deepEqual(await own.to(web('1.0.0', testRpm({ name, version: '1.0' }))), {});
        const bad = testRpm({ name, version: '2.0', scripts: { [script]: 'echo it is broken; exit 7' } });
        await own.to(web('2.0.0', bad));
        assert.equal(rpmVersion(name), '1.0');
        const refused = own.last().slots.get('web')?.record?.refused;
        assert.equal(refused?.code, 'E_PACKAGE_FAILED');
        assert.match(refused?.message ?? '', /it is broken/);
      });
    }

    test("a former version's scripts that fail do not keep the newer one out", async (context) => {
      const own = await packageHost(context);
      const name = 'xt-clings';
      const scripts = { preun: 'exit 7', postun: 'exit 7' };
      assert.deepEqual(await own.to(web('1.0.0', testRpm({ name, version: '1.0', scripts }))), {});
      assert.deepEqual(await own.to(web('2.0.0', testRpm({ name, version: '2.0' }))), {});
      assert.equal(rpmVersion(name), '2.0');
    });

    test('a file that belongs to another package is not taken from it', async (context) => {
      const own = await packageHost(context);
      const file = '/usr/share/xt-contested';
      installRpms(testRpm({ name: 'xt-owner', version: '1.0', files: { [file]: 'theirs' } }));
      await own.to(web('1.0.0', testRpm({ name: 'xt-thief', version: '1.0', files: { [file]: 'mine' } })));
      assert.equal(
        own.last().slots.get('web')?.record?.refused?.code ?? own.last().waiting.get('web')?.code,
        'E_PACKAGE_FAILED',
      );
      assert.equal(rpmVersion('xt-thief'), null);
      assert.equal(execFileSync('cat', [file]).toString(), 'theirs');
    });

    test('epochs count, and a dependency on a file or one of several is met from the release', async (context) => {
      const own = await packageHost(context);
      const tool = '/usr/lib/xt-tool/run';
      const main = (epoch: string, version: string): TestRpm =>
        testRpm({
          name: 'Xt_main',
          version,
          tags: [`Epoch: ${epoch}`, `Requires: ${tool}`, 'Requires: (xt-one or xt-two)'],
        });
      const tools = [
        testRpm({ name: 'xt-tool', version: '1.0', files: { [tool]: '' }, asNeeded: true }),
        testRpm({ name: 'xt-two', version: '1.0', asNeeded: true }),
      ];
      assert.deepEqual(await own.to(web('1.0.0', main('1', '9.0'), ...tools)), {});
      assert.deepEqual(['xt-tool', 'xt-two'].map(rpmVersion), ['1.0', '1.0']);
      assert.deepEqual(await own.to(web('2.0.0', main('2', '1.0'), ...tools)), {});
      assert.equal(rpmVersion('Xt_main'), '1.0');
      assert.deepEqual(await own.to(), {});
      assert.deepEqual(['Xt_main', 'xt-tool', 'xt-two'].map(rpmVersion), [null, null, null]);
    });

    test('while another program has the lock nothing is done, and then all', async (context) => {
      const own = await packageHost(context);
      const holder = testRpm({
        name: 'xt-slow',
        version: '1.0',
        scripts: { pre: 'mkfifo /tmp/xt-go; : >/tmp/xt-holds; read word </tmp/xt-go' },
      });
      const path = join('/tmp', 'xt-slow.rpm');
      writeFileSync(path, holder.content);
      const other = spawn('rpm', ['-U', path], { stdio: 'ignore' });
      const ended = new Promise((resolve) => other.once('close', resolve));
      await waitUntil(() => existsSync('/tmp/xt-holds'), 20_000, "the other's lock");
      const led = own.to(web('1.0.0', testRpm({ name: 'xt-waits', version: '1.0' })));
      await waitUntil(() => existsSync(join(own.state, 'journal', 'web.jsonl')), 20_000, 'a step');
      assert.equal(rpmVersion('xt-waits'), null);
      execFileSync('sh', ['-c', 'echo go >/tmp/xt-go']);
      await ended;
      assert.deepEqual(await led, {});
      assert.deepEqual(['xt-slow', 'xt-waits'].map(rpmVersion), ['1.0', '1.0']);
    });

    test('what rpm left half unpacked when it was killed goes, and nothing else', async (context) => {
      const own = await packageHost(context);
      const name = 'xt-remnant';
      const folder = `/usr/share/${name}`;
      const left = `${folder}/version;6b01cfde`;
      const stays = ['notes;6b01cfde', 'version;old'].map((file) => `${folder}/${file}`);
      const files = [left, ...stays].map((path) => `echo left >"${path}"`).join('; ');
      // As rpm leaves it: a file beside its place, and no word of it in the database.
      const pre = `[ -e /var/tmp/${name} ] || { : >/var/tmp/${name}; ${files}; kill -9 $PPID; sleep 1; }`;
      assert.deepEqual(await own.to(web('1.0.0', testRpm({ name, version: '1.0' }))), {});
      const newer = web('2.0.0', testRpm({ name, version: '2.0', scripts: { pre } }));
      assert.deepEqual(await own.to(newer), { web: 'E_PACKAGE_SYSTEM' });
      assert.deepEqual([left, ...stays].map(existsSync), [false, true, true]);
      assert.deepEqual(await own.to(newer), {});
      assert.equal(rpmVersion(name), '2.0');
    });

    test('a database that can not be read is said, and nothing is done until it can', async (context) => {
      const own = await packageHost(context);
      const database = join(execFileSync('rpm', ['--eval', '%{_dbpath}']).toString().trim(), 'rpmdb.sqlite');
      const v1 = web('1.0.0', testRpm({ name: 'xt-damage', version: '1.0' }));
      renameSync(database, `${database}.good`);
      writeFileSync(database, 'x'.repeat(10_000));
      try {
        assert.deepEqual(await own.to(v1), { web: 'E_PACKAGE_SYSTEM' });
      } finally {
        renameSync(`${database}.good`, database);
      }
      assert.deepEqual(await own.to(v1), {});
      assert.equal(rpmVersion('xt-damage'), '1.0');
    });
  });

  test('versions are ordered as rpm orders them', () => {
    const parts = [
      '0',
      '1',
      '1.0',
      '1.0a',
      '1.a',
      '1a1',
      '1.10',
      '1.9',
      '1.0~rc1',
      '1.0~~',
      '1.0^',
      '1.0^git1',
    ];
    const more = ['1.0.1', '1_0', '10', 'a', 'A', '99999999999999999999', '1.0^~1', '1.0~^1', '1.01', '1.0+'];
    const all = [...parts, ...more];
    const pairs = all.flatMap((a) => all.map((b) => [a, b] as const));
    const script = pairs.map(([a, b]) => `print(rpm.vercmp("${a}", "${b}") .. " ")`).join(' ');
    const theirs = execFileSync('rpm', ['--eval', `%{lua: ${script}}`])
      .toString()
      .trim()
      .split(' ');
    for (const [i, [a, b]] of pairs.entries())
      assert.equal(compareRpmVersions(a, b), Number(theirs[i]), `${a} and ${b}`);
  });
};

inOverlay(import.meta.filename, tests, ['rpm']);
