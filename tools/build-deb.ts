// Builds a Debian package of the agent from its single executable, with a systemd unit; it needs dpkg-deb.
// node tools/build-deb.ts [--agent dist/xylem-agent] [--out FOLDER] [--version VERSION]
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const root = dirname(import.meta.dirname);
const dist = join(root, 'dist');
const manifest = readFileSync(join(root, 'packages', 'cli', 'package.json'), 'utf8');
const { version: ownVersion } = JSON.parse(manifest) as { version: string };
const { values } = parseArgs({
  options: {
    agent: { type: 'string', default: join(dist, 'xylem-agent') },
    out: { type: 'string', default: dist },
    version: { type: 'string', default: ownVersion },
  },
});
const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
const state = '/var/lib/xylem/host';

const unit = `[Unit]
Description=Xylem agent
Documentation=https://example.org/xylem/docs/install.md
Wants=network-online.target
After=network-online.target
# Nothing runs before this machine has joined.
ConditionPathExists=${state}/identity/host.json

[Service]
User=xylem
EnvironmentFile=-/etc/default/xylem-agent
ExecStart=/usr/bin/xylem-agent agent launch --state ${state} $XYLEM_AGENT_OPTIONS
Restart=always
RestartSec=2
# Services and their supervisor outlive the agent: stopping the unit must not end them.
KillMode=process
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`;

const control = `Package: xylem-agent
Version: ${values.version}
Architecture: ${architecture}
Maintainer: Xylem <xylem@example.org>
Section: admin
Priority: optional
Depends: libc6 (>= 2.28), libstdc++6, libgcc-s1, libatomic1, passwd, util-linux
Description: agent of Xylem, which distributes software
 Makes a machine a host: what its environment says is installed, watched,
 proved to have arrived, and taken back when it was wrong.
`;

/** Debian's maintainer scripts: each may be run again after it was cut off. */
const scripts = {
  postinst: `#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
getent passwd xylem >/dev/null ||
  useradd --system --user-group --home-dir /var/lib/xylem --no-create-home --shell /usr/sbin/nologin xylem
[ -d /var/lib/xylem ] || install -d -o xylem -g xylem -m 0700 /var/lib/xylem
if command -v systemctl >/dev/null; then
  # Who disabled it once is not overruled by an update.
  [ -n "$2" ] || systemctl --quiet enable xylem-agent.service
  if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    [ -z "$2" ] || systemctl try-restart xylem-agent.service
  fi
fi
`,
  prerm: `#!/bin/sh
set -e
[ "$1" = remove ] || exit 0
if [ -d /run/systemd/system ]; then systemctl stop xylem-agent.service || true; fi
# Without the agent nobody would look after its services.
if [ -e ${state}/identity/host.json ]; then
  runuser -u xylem -- /usr/bin/xylem-agent agent stop --state ${state} || true
fi
`,
  postrm: `#!/bin/sh
set -e
case $1 in
  remove)
    if command -v systemctl >/dev/null; then systemctl --quiet disable xylem-agent.service || true; fi
    if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
    ;;
  purge)
    rm -f /etc/systemd/system/multi-user.target.wants/xylem-agent.service
    # The identity and all that can be fetched again goes; what components have in their data folders is nobody's but theirs.
    if [ -d ${state} ]; then
      find ${state} -mindepth 1 -maxdepth 1 ! -name components -exec rm -rf {} +
      if [ -d ${state}/components ]; then
        find ${state}/components -mindepth 2 -maxdepth 2 ! -name data -exec rm -rf {} +
        find ${state}/components -depth -type d -empty -delete
      fi
      rmdir ${state} /var/lib/xylem 2>/dev/null || echo "xylem-agent: data of components is left in ${state}/components" >&2
    fi
    ;;
esac
`,
};

const folder = mkdtempSync(join(tmpdir(), 'xylem-deb-'));
try {
  const put = (path: string, content: string, mode = 0o644): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o755 });
    writeFileSync(join(folder, path), content, { mode });
  };
  put('DEBIAN/control', control);
  for (const [name, script] of Object.entries(scripts)) put(`DEBIAN/${name}`, script, 0o755);
  put('usr/lib/systemd/system/xylem-agent.service', unit);
  mkdirSync(join(folder, 'usr', 'bin'), { recursive: true });
  copyFileSync(resolve(values.agent), join(folder, 'usr', 'bin', 'xylem-agent'));
  const out = join(resolve(values.out), `xylem-agent_${values.version}_${architecture}.deb`);
  execFileSync('chmod', ['0755', folder, join(folder, 'usr', 'bin', 'xylem-agent')]);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '-z1', '--build', folder, out], {
    stdio: 'ignore',
  });
  process.stdout.write(`${out}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
