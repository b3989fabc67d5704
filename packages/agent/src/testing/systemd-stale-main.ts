// What runs with a replaced library is started again by the systemd of a host of its own: node --test systemd-stale-main.ts
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { statusOf, systemctl } from '../supervisor/systemd/systemctl.ts';
import { unitOf } from '../supervisor/systemd/unit.ts';
import { Bench, converge } from './crash-sweep.ts';
import { debComponent, testDeb } from './deb-packages.ts';
import { testPackage } from './packages.ts';
import { temporaryFolder } from './state-folder.ts';
import { waitFor } from './wait-for.ts';

const library = '/usr/lib/xylem-test/libtested.so.1';
const preload = { LD_PRELOAD: library };
/** Any real library: another version of it is the same in another file. */
const content = readFileSync(
  ['/usr/lib/x86_64-linux-gnu/libm.so.6', '/usr/lib/aarch64-linux-gnu/libm.so.6'].find((path) =>
    exists(path),
  ) ?? '',
);

function exists(path: string): boolean {
  try {
    return readFileSync(path).length > 0;
  } catch {
    return false;
  }
}

const base = (version: string) =>
  debComponent({
    component: 'base',
    version,
    debs: [testDeb({ name: 'libtested', version, files: { [library]: content } })],
  });
const app = testPackage({
  component: 'app',
  version: '1.0.0',
  kind: 'service',
  service: { command: ['/bin/sleep', 'infinity'], environment: preload, hardening: 'none' },
});
const mapsOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .filter((line) => line.includes(library));
const pidOf = async (unit: string): Promise<number> =>
  await waitFor(`${unit} with the library`, async () => {
    const pid = (await statusOf([unit])).get(unit)?.pid ?? 0;
    return pid > 0 && mapsOf(pid).length > 0 ? pid : null;
  });

test("units that map a replaced library are started again, Xylem's own too; who is in none is named", async (context) => {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const lead = async (path: string) => {
    const result = await converge(state, path, undefined, 'systemd');
    assert.deepEqual([...result.waiting.values()], []);
    return result;
  };
  await lead(await bench.wanted([base('1.0.0')]));
  await lead(await bench.wanted([base('1.0.0'), app]));
  const unit = 'by-hand.service';
  writeFileSync(
    `/etc/systemd/system/${unit}`,
    `[Service]\nType=exec\nEnvironment=LD_PRELOAD=${library}\nExecStart=/bin/sleep infinity\n`,
  );
  await systemctl(['daemon-reload']);
  await systemctl(['start', '--', unit]);
  const terminal = spawn('/bin/sleep', ['infinity'], {
    env: { ...process.env, ...preload },
    stdio: 'ignore',
  });
  context.after(() => terminal.kill('SIGKILL'));
  const own = unitOf('app');
  const before = [await pidOf(unit), await pidOf(own)];
  await waitFor("the terminal's", () => mapsOf(terminal.pid ?? 0).length > 0);

  const after = await lead(await bench.wanted([base('2.0.0'), app]));
  for (const [i, name] of [unit, own].entries()) {
    const pid = await pidOf(name);
    assert.notEqual(pid, before[i], name);
    assert.deepEqual(
      mapsOf(pid).filter((line) => line.endsWith('(deleted)')),
      [],
      name,
    );
  }
  const notes = JSON.stringify(after.slots.get('base')?.running);
  assert.match(notes, new RegExp(`E_RESTART_NEEDED.*sleep \\(${terminal.pid}\\)`));
  assert.ok(!notes.includes(`(${before[0]})`), notes);
  assert.ok(after.slots.get('app')?.running?.fingerprint, 'the same service as before');
  assert.equal((await lead(await bench.wanted([base('2.0.0'), app]))).slots.get('app')?.running?.alive, true);
  assert.deepEqual(readdirSync('/usr/lib/xylem-test'), ['libtested.so.1']);
});
