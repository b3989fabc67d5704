import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootGuest } from '@xylem/testkit';

const main = '/opt/xylem/packages/agent/src/testing/systemd-stale-main.ts';

test('units of systemd that run with a replaced library are started again', async (t) => {
  const guest = await bootGuest(t, { name: 'stale' });
  if ('skip' in guest) return t.skip(guest.skip);
  const { code, stdout } = await guest.exec(['node', '--test', main], { timeoutMs: 300_000 });
  assert.equal(code, 0, stdout);
  assert.match(stdout, /skipped 0/);
});
