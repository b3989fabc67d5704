import { lstat, mkdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installDebian } from '../install-debian.ts';
import { run } from '../run.ts';
import { isRoot, type Unavailable } from '../unavailable.ts';

const mirror = 'http://deb.debian.org/debian';
/** Raised with `packages`, so that an older machine's tree is not taken for this one. */
const edition = 2;
const packages = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'sudo',
  'procps',
  'iproute2',
  'ca-certificates',
  'curl',
  // What Node links to.
  'libstdc++6',
  'libatomic1',
];
const withinMs = 600_000;

// One maker at a time, whoever it is; one that is killed leaves only a `.part`.
const make = `[ -e "$1" ] && exit 0
tree=$1; suite=$2; include=$3; mirror=$4
rm -rf "$tree.part"
debootstrap --variant=minbase --include="$include" "$suite" "$tree.part" "$mirror" >"$tree.log" 2>&1 ||
  { tail -n 5 "$tree.log" >&2; exit 1; }
: >"$tree.part/etc/machine-id"
rm -f "$tree.part"/var/cache/apt/archives/*.deb
mv "$tree.part" "$tree"`;

// What is installed further lies in a folder of its own above the tree, which stays as it is.
const add = `[ -e "$1" ] && exit 0
layer=$1; tree=$2; shift 2
rm -rf "$layer.part" "$layer.work" "$layer.root"
mkdir "$layer.part" "$layer.work" "$layer.root"
trap 'umount -q "$layer.root"; rm -rf "$layer.work"; rmdir "$layer.root"' EXIT
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$layer.part,workdir=$layer.work" "$layer.root"
cp /etc/resolv.conf "$layer.root/etc/resolv.conf"
chroot "$layer.root" sh -c '
  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" &&
  apt-get clean && rm -rf /var/lib/apt/lists' sh "$@" >"$layer.log" 2>&1 ||
  { tail -n 5 "$layer.log" >&2; exit 1; }
: >"$layer.root/etc/resolv.conf"
umount "$layer.root"
mv "$layer.part" "$layer"`;

/**
 * The folders that are a guest's disk before it writes, the uppermost first.
 * @param further Debian packages that its tree does not have, installed once per machine (podman: 23 s, 110 MB)
 */
export async function guestLayers(further: readonly string[]): Promise<readonly string[] | Unavailable> {
  const tree = await guestTree();
  if (typeof tree !== 'string') return tree;
  if (further.length === 0) return [tree];
  const layer = `${tree}+${further.toSorted().join('+')}`;
  try {
    const words = [`${layer}.lock`, 'sh', '-c', add, 'sh', layer, tree, ...further];
    await run('/usr/bin/flock', words, { timeoutMs: withinMs });
    return [layer, tree];
  } catch (error) {
    return { skip: `${further.join(', ')} could not be installed: ${String(error).slice(-600)}` };
  }
}

/**
 * A Debian with systemd as a folder, made by debootstrap once per machine (26 s to 4 min) and kept below the system's
 * temporary folder; read-only for all who use it.
 */
async function guestTree(): Promise<string | Unavailable> {
  if (!isRoot()) return { skip: 'hosts with systemd need root on Linux' };
  const missing = await installDebian('debootstrap', 'systemd-container');
  if (missing !== null) return missing;
  const folder = join(tmpdir(), 'xylem-guests');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0) {
    return { skip: `${folder} must be a folder of root that nobody else can write` };
  }
  const suite = await suiteOfMachine();
  const tree = join(folder, `debian-${suite}-${edition}`);
  const words = [`${tree}.lock`, 'sh', '-c', make, 'sh', tree, suite, packages.join(','), mirror];
  try {
    await run('/usr/bin/flock', words, { timeoutMs: withinMs });
    return tree;
  } catch (error) {
    return { skip: `debootstrap could not make a Debian: ${String(error).slice(-600)}` };
  }
}

async function suiteOfMachine(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const isDebian = /^ID=debian$/m.test(text);
  return (isDebian ? /^VERSION_CODENAME=([a-z]+)$/m.exec(text)?.[1] : undefined) ?? 'bookworm';
}
