import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { debMachine } from '../../testing/deb-machine.ts';
import { debComponent, type TestDeb, testDeb } from '../../testing/deb-packages.ts';
import { inOverlay } from '../../testing/in-overlay.ts';
import { observingHost, systemPackagesAdoption } from '../../testing/system-packages-adoption.ts';

const { installByHand } = debMachine;
const web = (...debs: TestDeb[]) => debComponent({ component: 'web', version: '1.0.0', debs });
const named = ({
  differences,
}: {
  differences: { named: readonly { path: string; what: string }[] } | null;
}) => differences?.named.map(({ path, what }) => `${path} ${what}`);

const tests = (): void => {
  systemPackagesAdoption(debMachine);

  suite('adoption by dpkg', () => {
    test('what dpkg was told to leave out or to put elsewhere is not missed', async (context) => {
      const settings = '/etc/dpkg/dpkg.cfg.d/xt';
      context.after(() => rmSync(settings));
      const doc = '/usr/share/doc/xt-moved';
      writeFileSync(settings, `path-exclude=${doc}/*\n# but\npath-include=${doc}/copyrigh[a-z]\n`);
      const program = '/usr/bin/xt-moved';
      execFileSync('dpkg-divert', ['--package', 'xt-rival', '--divert', `${program}.real`, program]);
      const long = `/usr/share/xt-moved/${'folder/'.repeat(20)}${'name'.repeat(30)}`;
      const files = { [program]: 'run', [`${doc}/README`]: 'x', [`${doc}/copyright`]: 'y', [long]: 'z' };
      const deb = testDeb({ name: 'xt-moved', version: '1.0', files });
      installByHand(deb);
      assert.throws(() => readFileSync(program), { code: 'ENOENT' });
      assert.throws(() => readFileSync(`${doc}/README`), { code: 'ENOENT' });
      const own = await observingHost(context);
      writeFileSync(`${program}.real`, 'walk');
      // Before anything is fetched, by dpkg's checksums.
      assert.deepEqual(named(await own.adopt(web(deb))), [`${program} has other bytes`]);
      writeFileSync(`${program}.real`, 'run');
      rmSync(long);
      assert.deepEqual(named(await own.adopt(web(deb))), [`${long} is missing`]);
      writeFileSync(long, 'z');
      assert.equal(await own.adopted(web(deb)), null);
    });

    test('another build of the same version is known by its scripts, its lists and its conffiles', async (context) => {
      const conf = '/etc/xt-built.conf';
      const built = (options: { script?: string; files?: Record<string, string>; ships?: string }): TestDeb =>
        testDeb({
          name: 'xt-built',
          version: '1.0',
          files: { [conf]: options.ships ?? 'shipped\n', ...options.files },
          conffiles: [conf],
          scripts: options.script === undefined ? {} : { postrm: options.script },
        });
      installByHand(built({ script: 'exit 0', files: { '/usr/share/xt-built/more': '' } }));
      const own = await observingHost(context);
      const { differences } = await own.adopt(web(built({ script: 'exit 1', ships: 'another\n' })));
      assert.deepEqual(
        differences?.named.map(({ path, what, extra }) => [path, what, extra === true]),
        [
          [conf, 'came with other bytes from another package', false],
          ['postrm of xt-built', 'has other bytes', false],
          ['/usr/share/xt-built/more', 'is not part of the package', true],
        ],
      );
      rmSync(conf);
      const same = built({ script: 'exit 0', files: { '/usr/share/xt-built/more': '' } });
      assert.match((await own.adopted(web(same))) ?? '', new RegExp(`${conf} is missing`));
      assert.throws(() => readFileSync(conf), { code: 'ENOENT' });
    });

    test('what is half installed, or was installed by force without what it needs, is not adopted', async (context) => {
      const half = testDeb({ name: 'xt-half', version: '1.0' });
      const needy = testDeb({ name: 'xt-needy', version: '1.0', control: ['Depends: xt-nowhere'] });
      const folder = mkdtempSync('/tmp/xylem-by-hand-');
      const [first, second] = [half, needy].map(({ content, carried }) => {
        const path = join(folder, carried.file);
        writeFileSync(path, content);
        return path;
      });
      assert.ok(first !== undefined && second !== undefined);
      execFileSync('dpkg', ['--unpack', first], { stdio: 'ignore' });
      const own = await observingHost(context);
      assert.deepEqual(named(await own.adopt(web(half))), ['xt-half is half installed (1.0)']);
      execFileSync('dpkg', ['--configure', 'xt-half'], { stdio: 'ignore' });
      execFileSync('dpkg', ['--install', '--force-depends', second], { stdio: 'ignore' });
      assert.match(
        named(await own.adopt(web(needy)))?.join() ?? '',
        /lacks what it depends on: .*xt-nowhere/,
      );
      execFileSync('dpkg', ['--purge', 'xt-needy'], { stdio: 'ignore' });
      assert.equal(await own.adopted(web(half)), null);
    });
  });
};

inOverlay(import.meta.filename, tests);
