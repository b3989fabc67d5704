import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const isDebian = existsSync('/usr/bin/dpkg-deb') && process.platform === 'linux' && process.getuid?.() === 0;
const skip = isDebian ? false : 'needs root on a Debian';

test('the Debian package installs, upgrades, removes and purges, and leaves data where it is', {
  skip,
}, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xylem-deb-test-'));
  const at = (name: string): string => join(folder, name);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  // The executable itself is tried elsewhere; this one notes how it is called.
  writeFileSync(at('agent'), '#!/bin/sh\necho "$@" >>/called\n');
  const debs = ['1.0.0', '1.1.0'].map((version) =>
    execFileSync(
      process.execPath,
      [
        join(import.meta.dirname, 'build-deb.ts'),
        '--agent',
        at('agent'),
        '--out',
        folder,
        '--version',
        version,
      ],
      { encoding: 'utf8' },
    ).trim(),
  );
  for (const name of ['upper', 'work', 'root']) mkdirSync(at(name));
  const script = `set -e
mount -t tmpfs tmpfs ${at('upper')}
mkdir ${at('upper')}/u ${at('upper')}/w
mount -t overlay overlay -o lowerdir=/,upperdir=${at('upper')}/u,workdir=${at('upper')}/w ${at('root')}
cp ${debs.join(' ')} ${at('root')}/
cat >${at('root')}/try.sh <<'TRY'
set -e
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
dpkg -i /xylem-agent_1.0.0_*.deb >&2
echo "user $(getent passwd xylem | cut -d: -f6,7)"
echo "folder $(stat -c '%U %a' /var/lib/xylem)"
echo "enabled $(readlink /etc/systemd/system/multi-user.target.wants/xylem-agent.service || echo no-systemd)"
mkdir -p /var/lib/xylem/host/identity /var/lib/xylem/host/components/web/data /var/lib/xylem/host/components/web/trees
touch /var/lib/xylem/host/identity/host.json /var/lib/xylem/host/components/web/data/kept
chown -R xylem /var/lib/xylem
touch /called; chmod 666 /called
dpkg -i /xylem-agent_1.1.0_*.deb >&2
echo "version $(dpkg-query -W -f '\${Version}' xylem-agent)"
echo "called $(cat /called)"
dpkg -r xylem-agent >&2
echo "stopped $(cat /called)"
echo "joined $(ls /var/lib/xylem/host/identity)"
dpkg -P xylem-agent >&2
echo "left $(cd /var/lib/xylem && find . -type f)"
echo "unit $(ls /usr/lib/systemd/system/xylem-agent.service /etc/systemd/system/multi-user.target.wants/xylem-agent.service 2>/dev/null)"
TRY
chroot ${at('root')} /bin/sh /try.sh`;
  const output = execFileSync('unshare', ['-m', '--propagation', 'private', 'sh', '-c', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = Object.fromEntries(
    output.split('\n').map((line) => [line.split(' ')[0], line.slice(line.indexOf(' ') + 1)]),
  );
  assert.equal(said.user, '/var/lib/xylem:/usr/sbin/nologin');
  assert.equal(said.folder, 'xylem 700');
  if (existsSync('/usr/bin/systemctl')) assert.match(said.enabled ?? '', /xylem-agent\.service$/);
  assert.equal(said.version, '1.1.0');
  assert.equal(said.called, '', 'an upgrade ends no service');
  assert.equal(said.stopped, 'agent stop --state /var/lib/xylem/host');
  assert.equal(said.joined, 'host.json', 'removed is not purged');
  assert.equal(said.left, './host/components/web/data/kept');
  assert.equal(said.unit, '');
});
