import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootGuest, waitUntil } from '@xylem/testkit';

const main = '/opt/xylem/packages/agent/src/testing/systemd-adopt-main.ts';

test('services of others are adopted on a real host, given back, and start as units of Xylem after a boot', async (t) => {
  const guest = await bootGuest(t, { name: 'adopts', memoryBytes: 1200 * 2 ** 20 });
  if ('skip' in guest) return t.skip(guest.skip);
  const { code, stdout } = await guest.exec(['node', '--test', main], { timeoutMs: 300_000 });
  assert.equal(code, 0, stdout);
  const isActive = async (unit: string): Promise<string> =>
    (await guest.exec(['systemctl', 'is-active', unit])).stdout.trim();
  assert.equal(await isActive('shop.service'), 'active');
  await guest.reboot();
  await waitUntil(
    async () => (await isActive('xylem-service-shop.service')) === 'active',
    60_000,
    'its unit',
  );
  assert.equal(await isActive('shop.service'), 'inactive');
});
