// A Node that was brought and does not run: the library that small systems lack is installed, or named.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { checkout } from './workspace.ts';

const complaint = 'error while loading shared libraries: libatomic.so.1: cannot open shared object file';

/** A checkout whose brought Node wants a library, on a machine of Node 20 where `apt-get` does as it is told. */
function machine(t: { after(cleanup: () => void): void }, user: number) {
  const root = mkdtempSync(join(tmpdir(), 'xylem-bootstrap-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const script = (path: string, ...lines: string[]): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), ['#!/bin/sh', ...lines, ''].join('\n'));
    chmodSync(join(root, path), 0o755);
  };
  const library = join(root, 'libatomic.so.1');
  for (const arch of ['x64', 'arm64']) {
    const node = `tools/node20/node_modules/node-linux-${arch}/bin/node`;
    script(node, `[ -f ${library} ] || { echo '${complaint}' >&2; exit 127; }`, 'echo v26.10.0');
  }
  script('bin/node', 'echo v20.20.2');
  script('bin/npm', 'exit 0');
  script('bin/id', `echo ${user}`);
  script('bin/apt-get', `case "$*" in *'install libatomic1') : >${library} ;; *) exit 1 ;; esac`);
  copyFileSync(join(checkout, 'tools', 'bootstrap.sh'), join(root, 'tools', 'bootstrap.sh'));
  writeFileSync(join(root, 'package-lock.json'), '{}');
  const PATH = `${join(root, 'bin')}:${process.env['PATH']}`;
  const command = `set -eu; xylem_root=${root}; . ${root}/tools/bootstrap.sh; xylem_bootstrap; echo "$xylem_node"`;
  mkdirSync(join(root, 'node_modules'));
  return spawnSync('/bin/sh', ['-c', command], { encoding: 'utf8', env: { ...process.env, PATH } });
}

test('as root on Debian the library that Node wants is installed, and said', {
  skip: process.platform !== 'linux' && 'only on Linux a Node is brought',
}, (t) => {
  const { status, stdout, stderr } = machine(t, 0);
  assert.match(stderr, /^xylem: installing Debian's libatomic1/m);
  assert.match(stdout, /node20\/node_modules\/node-linux-\w+\/bin\/node$/m);
  assert.equal(status, 0);
});

test('as anybody else it is named, with what to do', {
  skip: process.platform !== 'linux' && 'only on Linux a Node is brought',
}, (t) => {
  const { status, stderr } = machine(t, 1000);
  assert.equal(status, 1);
  assert.match(stderr, /E_SETUP_NODE_RUN: .*libatomic\.so\.1/);
  assert.match(stderr, /apt-get install libatomic1/);
});
