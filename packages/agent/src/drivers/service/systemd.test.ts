import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootGuest } from '@xylem/testkit';

const testing = '/opt/xylem/packages/agent/src/testing';

test('services that are units of systemd change their version without a gap, also where the agent is killed', async (t) => {
  const guest = await bootGuest(t, { name: 'switches', memoryBytes: 1200 * 2 ** 20 });
  if ('skip' in guest) return t.skip(guest.skip);
  const env = { XYLEM_SYSTEMD_POINTS: process.env.XYLEM_SYSTEMD_POINTS ?? '' };
  for (const main of ['systemd-switch-main.ts', 'systemd-sweep-main.ts']) {
    const options = { timeoutMs: 900_000, env };
    const { code, stdout } = await guest.exec(['node', '--test', `${testing}/${main}`], options);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /skipped 0/);
  }
});
