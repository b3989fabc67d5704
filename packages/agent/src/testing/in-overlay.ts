import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { installDebian, isRoot, tempFolder, type Unavailable } from '@xylem/testkit';

const marker = '/.xylem-overlay';
const checkout = fileURLToPath(new URL('../../../..', import.meta.url));
/** All changes go to memory, and with the last process of the namespace they are gone. */
const enter = `set -e
at=$1; size=$2; shift 2
mount -t tmpfs -o "size=$size" tmpfs "$at"
mkdir "$at/upper" "$at/work" "$at/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$at/upper,workdir=$at/work" "$at/root"
while [ "$1" != -- ]; do mkdir -p "$at/root$1"; mount --rbind "$1" "$at/root$1"; shift; done; shift
mount -t proc proc "$at/root/proc"; mount --rbind /dev "$at/root/dev"
mount -t tmpfs tmpfs "$at/root/run"; : >"$at/root${marker}"
exec chroot "$at/root" "$@"`;

/**
 * Runs the tests of `file` on a copy of this machine that may be changed: an overlay over its root, whose changes are kept
 * in memory.
 * @param tests registers them, inside
 * @param needs Debian packages that this machine must have
 */
export function inOverlay(file: string, tests: () => void, needs: readonly string[] = []): void {
  // Both: nothing that changes the machine may ever be begun outside by a variable alone.
  if (process.env.XYLEM_TEST_OVERLAY === file && existsSync(marker)) {
    tests();
    return;
  }
  test('on a copy of this machine', { timeout: 900_000 }, async (context) => {
    const why = unavailable() ?? (needs.length === 0 ? null : await installDebian(...needs));
    if (why !== null) return context.skip(why.skip);
    const { code, output } = await runInside(file, await tempFolder(context, 'overlay'));
    context.diagnostic(
      output
        .split('\n')
        .filter((line) => line.startsWith('# '))
        .join(' '),
    );
    if (code !== 0) throw new Error(output.slice(-20_000));
    // A refused mount would make this test succeed with nothing in it.
    if (!/^# pass [1-9]/m.test(output)) throw new Error(`no test ran:\n${output}`);
  });
}

function unavailable(): Unavailable | null {
  if (!isRoot()) return { skip: 'the root of a machine can be changed by root only' };
  return existsSync('/usr/bin/dpkg') ? null : { skip: 'this machine has no dpkg' };
}

const sizeMiB = 512;

function runInside(file: string, folder: string): Promise<{ code: number | null; output: string }> {
  const { NODE_TEST_CONTEXT: _context, ...environment } = process.env;
  // What lies on another file system is not in the overlay.
  const binds = [...new Set([checkout.replace(/\/$/, ''), dirname(process.execPath)])].filter(
    (path) => statSync(path).dev !== statSync('/').dev,
  );
  const words = [
    '-m',
    '--propagation',
    'private',
    'sh',
    '-c',
    enter,
    'sh',
    folder,
    `${sizeMiB}M`,
    ...binds,
    '--',
  ];
  const inside = [process.execPath, '--test-reporter=tap', file];
  return new Promise((resolve, reject) => {
    const child = spawn('/usr/bin/unshare', [...words, ...inside], {
      cwd: '/',
      env: { ...environment, XYLEM_TEST_OVERLAY: file, HOME: '/root' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const pieces: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece: Buffer) => pieces.push(piece));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output: Buffer.concat(pieces).toString('utf8') }));
  });
}
