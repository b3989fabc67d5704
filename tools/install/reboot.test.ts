import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bootGuest, waitUntil } from '@xylem/testkit';
import { unitsOfPage } from './page-units.ts';

const manifest = (version: string, restart: string): string => `product: base
component: base
version: ${version}
kind: deb
deb: { restart: ${restart} }
variants: [{ folder: files, os: linux, arch: ${process.arch}, distribution: debian }]
`;
const control = (version: string): string => `Package: tested
Version: ${version}
Architecture: all
Maintainer: Test <test@localhost>
Description: for tests
`;

test('an update that asks for it has the host started anew by systemd, and is committed by the agent of the next boot', async (t) => {
  if (!existsSync(join(import.meta.dirname, '../../dist/xylem.js')))
    return t.skip('there is no dist/xylem.js: run ./test, or npm run build');
  const guest = await bootGuest(t, { name: 'reboots', memoryBytes: 1200 * 2 ** 20 });
  if ('skip' in guest) return t.skip(guest.skip);
  const units = await unitsOfPage();
  const operator = { env: { XYLEM_HOME: '/root/operator' } };
  const xylem = async <T = Record<string, string>>(...words: string[]): Promise<T> =>
    JSON.parse(await guest.run(['xylem', ...words, '--json'], operator)) as T;
  const enable = (unit: string): Promise<string> => guest.run(['systemctl', 'enable', '--now', unit]);
  const bootId = (): Promise<string> => guest.run(['cat', '/proc/sys/kernel/random/boot_id']);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the format of dpkg-query
  const format = '${Version}';
  const installed = async (): Promise<string> =>
    (await guest.exec(['dpkg-query', '-W', '-f', format, 'tested'])).stdout;
  const host = async (): Promise<string> =>
    JSON.stringify(await xylem<unknown>('host', 'show', 'web-1').catch(() => null));

  await guest.write('/etc/hosts', '127.0.0.1 localhost root.example\n');
  const asRoot = (unit: string): string => unit.replace(/^User=.*\n/m, '');
  await guest.run(['install', '-d', '-m', '0700', '/var/lib/xylem']);
  const made = await xylem('root', 'init', '--state', '/var/lib/xylem/root', '--tenant', 'acme');
  await guest.write('/etc/systemd/system/xylem-root.service', asRoot(units.root));
  await enable('xylem-root');
  const login = ['login', 'http://127.0.0.1:8440', '--token', made.operatorToken ?? '', '--name', 'acme'];
  const rootAnswers = (): Promise<unknown> => waitUntil(() => xylem(...login), 60_000, 'the root server');
  await rootAnswers();
  await xylem('env', 'create', 'acme/production');
  const { token = '', url = '' } = await xylem('token', 'create', '--env', 'acme/production');
  await xylem('join', url, '--token', token, '--name', 'web-1', '--state', '/var/lib/xylem/host');
  await guest.write('/etc/systemd/system/xylem-agent.service', asRoot(units.agent));
  await enable('xylem-agent');
  const publish = async (version: string, restart: string): Promise<void> => {
    await guest.write(`/srv/${version}/xylem.yaml`, manifest(version, restart));
    await guest.write(`/srv/deb-${version}/DEBIAN/control`, control(version));
    await guest.run(['mkdir', '-p', `/srv/${version}/files`]);
    const deb = ['--root-owner-group', '--build', `/srv/deb-${version}`, `/srv/${version}/files/tested.deb`];
    await guest.run(['dpkg-deb', ...deb]);
    await xylem('package', 'publish', `/srv/${version}`);
    await xylem('release', 'create', `base@${version}`, '--with', `base@${version}`);
  };
  const deploy = (version: string): Promise<unknown> =>
    xylem('deploy', `base@${version}`, '--to', 'acme/production');
  const shows = async (pattern: RegExp, what: string): Promise<void> => {
    let seen = '';
    const isThere = async (): Promise<boolean> => {
      seen = await host();
      return pattern.test(seen);
    };
    await waitUntil(isThere, 90_000, what).catch(async (error: unknown) => {
      const { stdout } = await guest.exec(['journalctl', '-b', '--no-pager', '-n', '60']);
      assert.fail(`${String(error)}: ${seen}\n${stdout}`);
    });
  };
  for (const [version, restart] of [
    ['1.0.0', 'services'],
    ['2.0.0', 'reboot'],
    ['3.0.0', 'reboot'],
  ] as const)
    await publish(version, restart);
  await deploy('1.0.0');
  await waitUntil(async () => (await installed()) === '1.0.0', 90_000, 'the package');

  const first = await bootId();
  await deploy('2.0.0');
  await guest.rebooted();
  const second = await bootId();
  assert.notEqual(second, first);
  await rootAnswers();
  await shows(/"version":"2\.0\.0"/, 'the report of the new version');
  assert.equal(await installed(), '2.0.0');
  assert.equal(await bootId(), second, 'it was started anew once');

  // What is under the guest's own is the machine's, and stays: as in other containers.
  const fixed = `[Unit]
DefaultDependencies=no
After=local-fs.target
Before=xylem-agent.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/umount /proc/sys/kernel/random/boot_id
[Install]
RequiredBy=xylem-agent.service
`;
  await guest.write('/etc/systemd/system/fixed-boot-id.service', fixed);
  await guest.run(['systemctl', 'stop', 'xylem-agent']);
  await enable('fixed-boot-id');
  await guest.run(['systemctl', 'start', 'xylem-agent']);
  await deploy('3.0.0');
  await guest.rebooted();
  await rootAnswers();
  await shows(/E_RESTART_NEEDED.*boot id is still/, 'the report of the boot id');
  await waitUntil(async () => (await installed()) === '2.0.0', 60_000, 'the former package');
});
