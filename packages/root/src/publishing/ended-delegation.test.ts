import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const dayMs = 24 * 3600_000;

test('no deployment begins of what only a delegate vouched for whose delegation has ended', async (t) => {
  const clock = shiftedClock(-10 * dayMs);
  const root = await rootFixture(t, { clock });
  const shop = await publisher(t, root, 'shop');
  const untilMs = Math.floor(clock.now() / 1000) * 1000 + dayMs;
  const ci = await shop.delegate('ci', untilMs);
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version });
  }
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  await ci.release('2.0.0', { 'shop-web': '2.0.0' });
  await ci.release('3.0.0', { 'shop-web': '3.0.0' });
  await root.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'production' } });
  await fakeHost(root, token, { name: 'web' });
  const start = (body: object): Promise<unknown> =>
    root.api('deploymentCreate', {
      body: { product: 'shop', environments: ['production'], ...body } as never,
    });
  const deploy = (version: string): Promise<unknown> => start({ kind: 'deploy', version });
  await deploy('2.0.0');
  await deploy('3.0.0');

  clock.pass(2 * dayMs);
  const ended = /E_RELEASE_RETIRED.*ci ended at .*release restore shop@2\.0\.0/s;
  const said = (error: unknown): boolean => ended.test(`${JSON.stringify(error)} ${String(error)}`);
  await assert.rejects(deploy('2.0.0'), said);
  await assert.rejects(start({ kind: 'rollback', version: '2.0.0' }), said);
  // What the product's own key vouches for goes, whoever did so before.
  await deploy('1.0.0');
  await shop.takeOver('2.0.0');
  await deploy('2.0.0');
});
