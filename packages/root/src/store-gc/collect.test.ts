import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { type Digest, type DomainId, parsePackage, sha256 } from '@xylem/core';
import { systemRandomness } from '@xylem/platform';
import { openRepository, type Repository, verifyRepository } from '@xylem/store';
import { testDatabases } from '../testing/databases.ts';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { type RootFixtureOptions, rootFixture } from '../testing/root-fixture.ts';
import { withDatabase } from '../testing/row-hosts.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const dayMs = 86_400_000;
/** Nothing of it is in any other text. */
const unique = (name: string): string =>
  Array.from({ length: 400 }, (_, n) => sha256(`${name} ${n}`)).join('\n');

async function shop(t: TestContext, options: RootFixtureOptions = {}) {
  const clock = shiftedClock(0);
  const root = await rootFixture(t, { ...options, clock });
  const product = await publisher(t, root, 'shop');
  const yaml =
    'environment: production\nproducts: { shop: { components: { web: { where: all }, api: { where: all } } } }\n';
  await root.api('environmentCreate', { body: { name: 'production', yaml } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'production' } });
  const host = await fakeHost(root, token, { name: 'a' });
  const repository = await openRepository(`${root.folder}/repository`);
  const treeOf = async (component: string, version: string): Promise<Digest> => {
    const shown = await root.api('packageShow', { params: { product: 'shop', component, version } });
    return parsePackage(Buffer.from(shown.document)).variants[0]?.tree as Digest;
  };
  const runs = async (component: string, version: string): Promise<void> => {
    const { package: digest } = await root.api('packageShow', {
      params: { product: 'shop', component, version },
    });
    await host.report([{ component, product: 'shop', package: digest as Digest, version: version as never }]);
  };
  return {
    clock,
    root,
    product,
    repository,
    treeOf,
    runs,
    gc: (dryRun = false) => root.api('storeCollect', { body: dryRun ? { dryRun } : {} }),
    hasTree: async (tree: Digest): Promise<boolean> =>
      (await repository.readFile(`o/${product.domain}/offers/${tree}`)) !== null,
    isWhole: async (): Promise<void> =>
      assert.deepEqual((await verifyRepository(repository)).faults, [], 'what offers name is there'),
  };
}

const objectsIn = async (repository: Repository, domain: DomainId): Promise<number> => {
  let count = 0;
  for await (const _ of repository.listObjects(domain)) count += 1;
  return count;
};

for (const { kind, skip, options } of await testDatabases({ after }))
  test(`content of retired releases that no host runs goes, and comes back when it is published again: ${kind}`, {
    skip,
  }, async (t) => {
    const { clock, root, product, repository, treeOf, runs, gc, hasTree, isWhole } = await shop(
      t,
      await options('gc'),
    );
    const api = (version: string) => ({ 'api.js': unique(`api ${version}`), same: unique('same') });
    for (const version of ['1.0.0', '2.0.0', '3.0.0']) await product.publish('api', version, api(version));
    await product.publish('web', '1.0.0', { 'index.html': unique('web') });
    // Another product has the same tree, in a domain of its own.
    const other = await publisher(t, root, 'other');
    await other.publish('web', '1.0.0', { 'index.html': unique('web') });
    await other.release('1.0.0', { web: '1.0.0' });
    await product.release('1.0.0', { api: '1.0.0', web: '1.0.0' });
    await product.release('2.0.0', { api: '2.0.0' });
    await product.release('3.0.0', { api: '3.0.0' });
    await runs('api', '2.0.0');
    assert.deepEqual((await gc()).packages, [], 'nothing is retired');
    await product.retire('1.0.0', '2.0.0');
    assert.deepEqual((await gc()).packages, [], 'nothing is older than a week');
    clock.pass(8 * dayMs);

    const before = await objectsIn(repository, product.domain);
    const dry = await gc(true);
    assert.deepEqual(
      dry.packages.map(({ component, version }) => `${component}@${version}`).sort(),
      ['api@1.0.0', 'web@1.0.0'],
      'a host runs api@2.0.0',
    );
    assert.equal(dry.removed, false);
    assert.equal(await objectsIn(repository, product.domain), before);
    const done = await gc();
    assert.deepEqual({ ...done, removed: false }, dry);
    // That of api@1.0.0 has what others share with it.
    assert.equal(done.trees, 2);
    assert.equal(before - (await objectsIn(repository, product.domain)), done.packs);
    assert.ok(done.packs >= 1 && done.bytes > 5_000, JSON.stringify(done));
    assert.equal(await hasTree(await treeOf('web', '1.0.0')), false);
    for (const version of ['2.0.0', '3.0.0']) assert.ok(await hasTree(await treeOf('api', version)));
    await isWhole();
    assert.deepEqual((await gc()).trees, 0);

    const gone = { code: 'E_OBJECT_MISSING' };
    await assert.rejects(product.release('4.0.0', { api: '3.0.0', web: '1.0.0' }), gone);
    await assert.rejects(product.restore('1.0.0'), gone);
    await product.publish('web', '1.0.0', { 'index.html': unique('web') });
    await product.release('4.0.0', { api: '3.0.0', web: '1.0.0' });
    await assert.rejects(product.restore('1.0.0'), gone, 'api@1.0.0 is still not here');
    await product.publish('api', '1.0.0', api('1.0.0'));
    await product.restore('1.0.0');
    await isWhole();
  });

test('what publishing left behind goes after a week, and a crash in the middle leaves nothing', async (t) => {
  const { clock, root, product, repository, gc, isWhole } = await shop(t);
  await product.publish('web', '1.0.0', { 'index.html': unique('one') });
  await product.release('1.0.0', { web: '1.0.0' });
  // Published, and never a package: its publisher broke off.
  const { domain } = product;
  await assert.rejects(product.publish('web', '1.0.0', { 'index.html': unique('other content') }), {
    code: 'E_PACKAGE_CONFLICT',
  });
  const before = await objectsIn(repository, domain);
  assert.equal((await gc()).packs, 0, 'it may go on');
  clock.pass(8 * dayMs);
  const collected = await gc();
  assert.deepEqual([collected.trees, collected.packs, collected.packages.length], [1, 1, 0]);
  assert.equal(await objectsIn(repository, domain), before - 1);
  await isWhole();

  const left = Buffer.from('left by a crash');
  await repository.putObject(domain, sha256(left), left);
  await withDatabase(root, async (db) => {
    await db
      .insertInto('store_removals')
      .values({ domain, kind: 'object', digest: sha256(left) })
      .execute();
  });
  assert.equal(await repository.hasObject(domain, sha256(left)), false, 'the next start goes on');
});

const runsOfProperty = Number(process.env.XYLEM_GC_RUNS ?? 2);
const draw = (most: number): number => systemRandomness.bytes(4).readUInt32LE() % most;

for (let run = 0; run < runsOfProperty; run += 1)
  test(`whatever is retired, runs or is directed: what stays is whole (${run + 1})`, async (t) => {
    const { clock, root, product, treeOf, runs, gc, hasTree, isWhole } = await shop(t);
    const versions = Array.from({ length: 6 }, (_, n) => `${n + 1}.0.0`);
    for (const version of versions) {
      const files = Object.fromEntries(
        Array.from({ length: 1 + draw(4) }, () => [`f${draw(6)}`, unique(`content ${draw(8)}`)]),
      );
      await product.publish('web', version, { ...files, own: version });
      await product.release(version, { web: version });
    }
    const directed = versions[draw(versions.length)] ?? '';
    await root.api('deploymentCreate', {
      body: { kind: 'deploy', product: 'shop', version: directed, environments: ['production'] } as never,
    });
    const running = versions[draw(versions.length)] ?? '';
    await runs('web', running);
    const retired = versions.filter((version) => version !== directed && draw(3) > 0);
    if (retired.length > 0) await product.retire(...retired);
    clock.pass(8 * dayMs);
    const { packages } = await gc();
    const expected = retired.filter((version) => version !== running);
    const said = `${JSON.stringify({ directed, running, retired })}`;
    assert.deepEqual(packages.map(({ version }) => version).sort(), expected.sort(), said);
    await isWhole();
    for (const version of versions)
      assert.equal(await hasTree(await treeOf('web', version)), !expected.includes(version), said);
  });
