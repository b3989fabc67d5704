import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiClient } from '../testing/api-client.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const dayMs = 24 * 3600_000;

test('says long before which roles people must sign anew, and of the release repository only to who reads everything', async (t) => {
  const clock = shiftedClock(0);
  const root = await rootFixture(t, { clock });
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  await root.api('environmentCreate', { body: { name: 'production' } });
  const named = async (api = root.api) =>
    (await api('status')).expiring.map(({ role, environment }) => `${environment} ${role}`).sort();
  assert.deepEqual(await named(), []);
  clock.pass(300 * dayMs);
  const yearly = ['null product:shop', 'null targets'];
  assert.deepEqual(await named(), yearly);
  clock.pass(3_300 * dayMs);
  const own = 'default/production root';
  assert.deepEqual(await named(), [own, 'null product:shop', 'null root', 'null targets']);
  const { token } = await root.api('apiTokenCreate', {
    body: { name: 'one', grants: [{ role: 'viewer', scope: 'default/production' }] },
  });
  assert.deepEqual(await named(apiClient(() => root.running().apiUrl, token)), [own]);
});
