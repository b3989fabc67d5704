import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { openDatabase } from '../db/open.ts';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

test('a release comes when what it drags along has come, and nothing that is needed goes', async (t) => {
  const root = await rootFixture(t);
  const name = 'acme/production';
  const libpay = await publisher(t, root, 'libpay');
  const pay = await publisher(t, root, 'pay');
  const shop = await publisher(t, root, 'shop');
  const release = async (
    of: typeof shop,
    component: string,
    version: string,
    requires?: Record<string, string>,
  ) => {
    await of.publish(component, version, { a: version }, requires && { document: { requires } });
    await of.release(version, { [component]: version });
  };
  await release(libpay, 'libpay', '2.9.0');
  await release(pay, 'billing', '1.2.0', { libpay: '<3' });
  await release(shop, 'web', '2.3.0', { libpay: '>=2' });
  await release(shop, 'web', '2.4.0', { libpay: '^3' });
  await root.api('environmentCreate', { body: { name } });
  const { token } = await root.api('tokenCreate', { body: { environment: name } });
  const host = await fakeHost(root, token, { name: 'web-1' });
  const deploy = async (word: string) => {
    const [product = '', version = ''] = word.split('@');
    const body = { kind: 'deploy' as const, product, version, environments: [name] };
    return (await root.api('deploymentCreate', { body })).deployments[0]?.id ?? assert.fail();
  };
  const arrive = async (id: string) => {
    await host.report((await host.desiredState(await tempFolder(t, 'tuf'))).assignments);
    await waitUntil(
      async () => (await root.api('deploymentShow', { params: { id } })).state === 'succeeded',
      60_000,
    );
  };
  const asked = async (version: string) => {
    const query = { environment: name };
    const params = { product: 'shop', version };
    return (await root.api('consequences', { params, query })).environments[0];
  };

  await assert.rejects(deploy('shop@2.3.0'), {
    code: 'E_DEPENDENCY',
    message: /In acme\/production: shop 2\.3\.0 needs libpay >=2 \(for web\), and there is none\. No set/,
  });
  // A product that the environment does not name yet is told to who sees it.
  assert.deepEqual((await asked('2.3.0'))?.advice, 'Deploy first: libpay@2.9.0.');
  for (const word of ['libpay@2.9.0', 'pay@1.2.0', 'shop@2.3.0']) await arrive(await deploy(word));
  assert.equal((await asked('2.3.0'))?.outcome, 'fits');

  await release(libpay, 'libpay', '3.1.0');
  await assert.rejects(deploy('shop@2.4.0'), {
    code: 'E_DEPENDENCY',
    message:
      /shop 2\.4\.0 needs libpay \^3 \(for web\) → libpay 3\.1\.0 breaks billing 1\.2\.0, which needs libpay <3\. No set/,
  });
  await assert.rejects(deploy('libpay@3.1.0'), {
    message: /: libpay 3\.1\.0 breaks billing 1\.2\.0, which needs libpay <3\./,
  });

  await release(pay, 'billing', '1.5.0', { libpay: '2 || 3' });
  await assert.rejects(deploy('shop@2.4.0'), {
    message:
      /Deploy first: pay@1\.5\.0, then libpay@3\.1\.0\. `xylem deps shop@2\.4\.0 --to acme\/production` says more\.$/,
  });
  const drags = await asked('2.4.0');
  assert.deepEqual(
    [drags?.outcome, drags?.moves.map((move) => `${move.product} ${move.from} -> ${move.to}`)],
    ['drags', ['pay 1.2.0 -> 1.5.0', 'libpay 2.9.0 -> 3.1.0']],
  );
  const first = await deploy('pay@1.5.0');
  await assert.rejects(deploy('libpay@3.1.0'), { message: /pay@1\.5\.0 \(which is on its way\)/ });
  await arrive(first);
  await arrive(await deploy('libpay@3.1.0'));
  await arrive(await deploy('shop@2.4.0'));

  const { environments } = await root.api('dependencies', { params: { product: 'libpay' } });
  assert.equal(environments[0]?.environment.name, name);
  assert.deepEqual(
    environments[0]?.needs
      .map(({ by, range, met }) => `${by.component} ${by.version} ${range} ${met}`)
      .sort(),
    ['billing 1.5.0 2 || 3 true', 'web 2.4.0 ^3 true'],
  );
  const undeploy = { kind: 'undeploy' as const, product: 'libpay', environments: [name] };
  await assert.rejects(root.api('deploymentCreate', { body: undeploy }), {
    code: 'E_DEPENDENCY',
    message: /needs libpay .*there would be none/,
  });

  // What a publisher has taken back, or an operator has shut out, is offered to nobody.
  await release(shop, 'web', '2.5.0', { ledger: '^1' });
  const ledger = await publisher(t, root, 'ledger');
  await release(ledger, 'ledger', '1.0.0');
  assert.equal((await asked('2.5.0'))?.advice, 'Deploy first: ledger@1.0.0.');
  const db = await openDatabase({ kind: 'sqlite', file: `${root.folder}/root.db` });
  t.after(() => db.destroy());
  await db.updateTable('releases').set({ withdrawn: 1 }).where('product', '=', 'ledger').execute();
  assert.equal((await asked('2.5.0'))?.outcome, 'conflict');
});
