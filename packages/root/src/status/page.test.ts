import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

test('shows the fleet to who has shown a token, and nobody else', async (t) => {
  const root = await rootFixture(t);
  const url = root.running().apiUrl;
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production' } });
  const host = await fakeHost(root, token, { name: '<script>alert(1)</script>' });
  await root.api('deploymentCreate', {
    body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments: ['acme/production'] },
  });
  await host.report([]);

  const stranger = await fetch(`${url}/`);
  assert.equal(stranger.status, 401);
  assert.doesNotMatch(await stranger.text(), /production/);
  assert.equal((await fetch(`${url}/status/fragment`)).status, 401);
  assert.equal((await fetch(`${url}/?token=xyo1.wrong`, { redirect: 'manual' })).status, 403);

  const entered = await fetch(`${url}/?token=${root.token}`, { redirect: 'manual' });
  assert.equal(entered.status, 303);
  assert.equal(entered.headers.get('location'), '/');
  const cookie = entered.headers.get('set-cookie') ?? '';
  assert.match(cookie, /HttpOnly; SameSite=Strict/);
  assert.doesNotMatch(cookie, new RegExp(root.token));

  const headers = { cookie: cookie.split(';')[0] ?? '' };
  const shown = await fetch(`${url}/`, { headers });
  assert.match(shown.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  const text = await waitUntil(async () => {
    const fragment = await (await fetch(`${url}/status/fragment`, { headers })).text();
    return fragment.includes('updating') ? fragment : null;
  });
  assert.match(text, /acme\/production/);
  assert.match(text, /shop@1\.0\.0/);
  assert.match(text, /&lt;script&gt;alert/);
  assert.doesNotMatch(text, /<script/);
});
