import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { postgres } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { type RootFixture, rootFixture } from '../testing/root-fixture.ts';

/** SQLite lends its one connection to one transaction after the other; PostgreSQL really runs them at once. */
const many = 12;

async function races(t: TestContext, root: RootFixture): Promise<void> {
  const shop = await publisher(t, root, 'shop');
  const versions = Array.from({ length: many }, (_, index) => `1.${index}.0`);
  for (const version of versions) await shop.publish('shop-web', version, { 'index.html': version });
  await root.api('environmentCreate', { body: { name: 'production' } });

  await t.test('the last use of a join token is used once', async () => {
    const { token } = await root.api('tokenCreate', { body: { environment: 'production', uses: 2 } });
    const joined = await Promise.allSettled(
      Array.from({ length: many }, (_, index) => fakeHost(root, token, { name: `h${index}` })),
    );
    assert.equal(joined.filter(({ status }) => status === 'fulfilled').length, 2);
    assert.equal((await root.api('hostList')).total, 2);
  });

  await t.test('of many who publish from one role, each is released or told to begin anew', async () => {
    const results = await Promise.allSettled(
      versions.map((version) => shop.release(version, { 'shop-web': version })),
    );
    for (const result of results) {
      if (result.status === 'rejected') assert.equal(result.reason.code, 'E_CONFLICT');
    }
    for (const [index, version] of versions.entries()) {
      if (results[index]?.status === 'rejected') await shop.release(version, { 'shop-web': version });
    }
    // What a role vouches for is what is released: had one overwritten another's role, this would not hold.
    const { roles } = await root.api('productRoles', { params: { product: 'shop' } });
    const { releases } = await root.api('releaseList', { params: { product: 'shop' } });
    const vouched = roles.map(({ metadata }) => metadata).join('');
    assert.deepEqual(
      releases.filter(({ release }) => !vouched.includes(release)).map(({ version }) => version),
      [],
    );
  });

  await t.test(
    'of many deployments of a product at once one runs, and the others are superseded',
    async () => {
      await Promise.all(
        versions.map((version) =>
          root.api('deploymentCreate', {
            body: { kind: 'deploy', product: 'shop', version, environments: ['production'] },
          }),
        ),
      );
      const { deployments } = await root.api('deploymentList', { query: { limit: '100' } });
      const states = Map.groupBy(deployments, ({ state }) => state);
      assert.equal(states.get('running')?.length, 1);
      assert.equal(states.get('superseded')?.length, many - 1);
      assert.equal(deployments[0]?.state, 'running', 'the newest');
    },
  );

  await t.test('an administrator remains, however many are revoked at once', async () => {
    const first = (await root.api('apiTokenList')).tokens[0]?.id ?? '';
    const { id } = await root.api('apiTokenCreate', {
      body: { name: 'second', grants: [{ role: 'admin', scope: '*' }] },
    });
    const revoked = await Promise.allSettled(
      [first, id].map((token) => root.api('apiTokenDelete', { params: { id: token } })),
    );
    assert.equal(revoked.filter(({ status }) => status === 'fulfilled').length, 1);
  });
}

test('at once, on SQLite', async (t) => {
  await races(t, await rootFixture(t));
});

test('at once, on PostgreSQL', async (t) => {
  const server = await postgres(t);
  if ('skip' in server) return t.skip(server.skip);
  const url = await server.createDatabase('races');
  await races(t, await rootFixture(t, { database: { kind: 'postgres', url } }));
});
