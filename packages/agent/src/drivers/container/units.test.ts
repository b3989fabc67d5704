import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootGuest, type Guest, waitUntil } from '@xylem/testkit';
import { containerPackages } from '../../testing/systemd-containers.ts';

const at = '/opt/xylem/packages/agent/src/testing';
const ask = (port: number): string =>
  `fetch('http://127.0.0.1:${port}/version').then((a) => a.text()).then(console.log)`;

/** What is served at the ports of the two, and by which process; empty while nothing is. */
async function served(guest: Guest): Promise<readonly string[]> {
  const said = [8080, 8081].map(async (port) => (await guest.exec(['node', '-e', ask(port)])).stdout.trim());
  const pid = guest.exec(['pgrep', '-f', '^/bin/busybox httpd .*:8080']);
  return [...(await Promise.all(said)), (await pid).stdout.trim()];
}

test('containers under systemd, on a real host', async (t) => {
  const guest = await bootGuest(t, {
    name: 'containers',
    memoryBytes: 1500 * 2 ** 20,
    packages: containerPackages,
    containers: true,
  });
  if ('skip' in guest) return t.skip(guest.skip);
  const { code, stdout } = await guest.exec(['node', '--test', `${at}/systemd-container-main.ts`], {
    timeoutMs: 400_000,
    env: { XYLEM_SYSTEMD_POINTS: process.env.XYLEM_SYSTEMD_POINTS ?? '' },
  });
  assert.equal(code, 0, stdout);
  assert.match(stdout, /skipped 0/);

  // An agent that systemd runs, and whose group ends with it.
  const state = '/var/lib/xylem-boots';
  const pass = ['node', `${at}/systemd-container-pass-main.ts`, state];
  const agent = ['systemd-run', '--wait', '--pipe', '--collect', '--quiet', '--', ...pass];
  const asAgent = async (): Promise<unknown> => JSON.parse(await guest.run(agent, { timeoutMs: 120_000 }));
  const rested = { rested: true, waiting: [] };
  assert.deepEqual(await asAgent(), rested);
  const [web, secret, pid] = await served(guest);
  assert.deepEqual([web, secret], ['1.0.0', '1.0.0']);
  assert.deepEqual(await asAgent(), rested);
  assert.equal((await served(guest))[2], pid, 'it outlives the agent, and the next one leaves it as it is');

  const losePower = async (): Promise<void> => {
    await guest.powerOff();
    await guest.boot();
  };
  for (const end of [guest.reboot, losePower]) {
    await end();
    // Without any agent; what was secret lay in memory.
    await waitUntil(async () => (await served(guest))[0] === '1.0.0', 60_000, 'the container after a boot');
    assert.equal((await served(guest))[1], '');
  }
  const [, , booted] = await served(guest);
  assert.deepEqual(await asAgent(), rested);
  assert.deepEqual(await served(guest), ['1.0.0', '1.0.0', booted]);
});
