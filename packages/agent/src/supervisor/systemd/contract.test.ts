import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { bootGuest, waitUntil } from '@xylem/testkit';

const main = '/opt/xylem/packages/agent/src/testing/systemd-contract-main.ts';

test('services under systemd keep the contract of supervisors, on a real host', async (t) => {
  const guest = await bootGuest(t, { name: 'units', memoryBytes: 1200 * 2 ** 20 });
  if ('skip' in guest) return t.skip(guest.skip);
  const { code, stdout } = await guest.exec(['node', '--test', main], { timeoutMs: 200_000 });
  assert.equal(code, 0, stdout);
  assert.match(stdout, /skipped 0/);
  assert.equal(await guest.run(['find', '/etc/systemd', '/run/xylem', '-name', '*shop*']), '');
});

test('units start with their host, without any agent; what is sealed waits for it', async (t) => {
  const guest = await bootGuest(t, { name: 'boots' });
  if ('skip' in guest) return t.skip(guest.skip);
  const boots = '/opt/xylem/packages/agent/src/testing/systemd-boot-main.ts';
  await guest.run(['mkdir', '-m', '0700', '/var/lib/xylem']);
  const states = async (phase: string): Promise<unknown> =>
    JSON.parse(await guest.run(['node', boots, phase, '/var/lib/xylem']));
  const is = (component: string, runs: boolean) => ({ component, isSame: true, runs, wantsSecrets: !runs });
  const allRun = [is('first', true), is('sealed', true), is('second', true)];
  await waitUntil(async () => isDeepStrictEqual(await states('before'), allRun), 60_000, 'all three to run');
  // Not even to someone who reads the disk.
  const found = await guest.exec(['grep', '-rlE', 'canary-of-the-sealed', '/etc', '/var/lib', '/var/log']);
  assert.equal(found.stdout, '');
  const losePower = async (): Promise<void> => {
    await guest.powerOff();
    await guest.boot();
  };
  for (const end of [guest.reboot, losePower]) {
    await end();
    const after = [is('first', true), is('sealed', false), is('second', true)];
    await waitUntil(
      async () => isDeepStrictEqual(await states('after'), after),
      60_000,
      'two of them to run',
    );
  }
});
