import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { waitUntil } from '@xylem/testkit';
import { debMachine } from '../../testing/deb-machine.ts';
import { debComponent, dpkgVersion, type TestDeb, testDeb } from '../../testing/deb-packages.ts';
import { inOverlay } from '../../testing/in-overlay.ts';
import { packageHost, systemPackagesContract } from '../../testing/system-packages-contract.ts';

const web = (...debs: TestDeb[]) => debComponent({ component: 'web', version: '1.0.0', debs });

const tests = (): void => {
  systemPackagesContract(debMachine);

  suite('deb', () => {
    test('while another dpkg has the lock nothing is done, and then all', async (context) => {
      const own = await packageHost(context);
      const postinst = 'mkfifo /var/tmp/xt-go; : >/var/tmp/xt-holds; read word </var/tmp/xt-go';
      const path = '/var/tmp/xt-slow.deb';
      writeFileSync(path, testDeb({ name: 'xt-slow', version: '1.0', scripts: { postinst } }).content);
      const other = spawn('dpkg', ['--install', path], { stdio: 'ignore' });
      const ended = new Promise((resolve) => other.once('close', resolve));
      await waitUntil(() => existsSync('/var/tmp/xt-holds'), 60_000, "the other's lock");
      const led = own.to(web(testDeb({ name: 'xt-waits', version: '1.0' })));
      const log = join(own.state, 'logs', 'web.log');
      const said = (): string => (existsSync(log) ? readFileSync(log, 'utf8') : '');
      await waitUntil(() => /lock/.test(said()), 60_000, 'a word of the lock');
      assert.equal(dpkgVersion('xt-waits'), null);
      execFileSync('sh', ['-c', 'echo go >/var/tmp/xt-go']);
      await ended;
      assert.deepEqual(await led, {});
      assert.deepEqual(['xt-slow', 'xt-waits'].map(dpkgVersion), ['1.0', '1.0']);
    });

    test("dependencies come from the host's own sources where root allows it there, and not before", async (context) => {
      const [source, policy] = ['/etc/apt/sources.list.d/xt.list', '/etc/xylem/policy.yaml'];
      context.after(() => [source, policy].map((path) => rmSync(path, { force: true })));
      const repository = '/var/tmp/xt-repository';
      mkdirSync(repository);
      const { content } = testDeb({ name: 'xt-of-host', version: '1.0' });
      const path = join(repository, 'xt-of-host.deb');
      writeFileSync(path, content);
      const digest = createHash('sha256').update(content).digest('hex');
      const control = execFileSync('dpkg-deb', ['--field', path]).toString().trim();
      const entry = `${control}\nFilename: ./xt-of-host.deb\nSize: ${content.length}\nSHA256: ${digest}\n`;
      writeFileSync(join(repository, 'Packages'), entry);
      writeFileSync(source, `deb [trusted=yes] file:${repository} ./\n`);
      const only = [`Dir::Etc::sourcelist=${source}`, 'Dir::Etc::sourceparts=-', 'APT::Get::List-Cleanup=0'];
      const words = [...only, 'APT::Sandbox::User=root'].flatMap((setting) => ['-o', setting]);
      execFileSync('apt-get', ['update', ...words], { stdio: 'ignore' });

      const own = await packageHost(context);
      const app = web(testDeb({ name: 'xt-asks', version: '1.0', control: ['Depends: xt-of-host'] }));
      assert.deepEqual(await own.to(app), { web: 'E_DEPENDENCY' });
      mkdirSync('/etc/xylem', { recursive: true });
      writeFileSync(policy, 'packages:\n  sources: host\n', { mode: 0o644 });
      assert.deepEqual(await own.to(app), {});
      assert.deepEqual(['xt-asks', 'xt-of-host'].map(dpkgVersion), ['1.0', '1.0']);
      assert.deepEqual(await own.to(), {});
      assert.deepEqual(['xt-asks', 'xt-of-host'].map(dpkgVersion), [null, null]);
    });
  });
};

inOverlay(import.meta.filename, tests);
