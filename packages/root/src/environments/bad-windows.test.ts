import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempFolder } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

const params = { tenant: 'acme', environment: 'production' };
const yaml = (start: string, rule: string): string => `environment: acme/production
products: { shop: {} }
policy:
  windows:
    - { name: nights, zone: Europe/Berlin, start: ${start}, duration: PT4H, rule: ${rule} }
  quota: { changes: 3, hours: 24 }
`;

test('windows go to hosts as they are written, what is urgent with them, and those that can never open do not', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version });
    await shop.release(version, { 'shop-web': version });
  }
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production' } });
  const host = await fakeHost(root, token, { name: 'a' });
  const folder = await tempFolder(t, 'tuf');
  const { version, yaml: before } = await root.api('environmentYaml', { params });
  for (const [text, message] of [
    [yaml('2026-01-05T01:00', 'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30'), /:5:7: policy\.windows\[0\]: /],
    [yaml('2026-01-05T01:00', 'FREQ=DAILY;UNTIL=20260106T000000Z'), /opens again; this one is over/],
    [yaml('2026-01-05T01:00', 'FREQ=DAILY').replace('Europe/Berlin', 'Mars/Base'), /can't be evaluated/],
  ] as const) {
    const body = { baseVersion: version, yaml: text };
    await assert.rejects(root.api('environmentYamlPut', { params, body }), {
      code: 'E_WINDOW_INVALID',
      message,
    });
  }
  assert.equal((await root.api('environmentYaml', { params })).yaml, before);
  const body = { baseVersion: version, yaml: yaml('2026-01-05T01:00', 'FREQ=DAILY') };
  await root.api('environmentYamlPut', { params, body });
  const { format, needs, policy } = await host.desiredState(folder);
  assert.deepEqual(
    [format, needs, policy.windows?.[0]?.rule],
    ['xylem-desired-state-2', ['quotas', 'windows'], 'FREQ=DAILY'],
  );
  const deploy = async (kind: 'deploy' | 'rollback', to: string, urgent: boolean): Promise<unknown> => {
    const environments = ['acme/production'];
    await root.api('deploymentCreate', {
      body: { kind, product: 'shop', version: to, environments, urgent },
    });
    return (await host.desiredState(folder)).assignments[0]?.urgent;
  };
  assert.equal(await deploy('deploy', '1.0.0', false), undefined);
  assert.equal(await deploy('deploy', '2.0.0', true), true);
  assert.equal(await deploy('rollback', '1.0.0', false), true);
});
