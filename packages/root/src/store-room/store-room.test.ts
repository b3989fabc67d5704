import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { after, test } from 'node:test';
import { type DomainId, sha256 } from '@xylem/core';
import { openRepository } from '@xylem/store';
import { testDatabases } from '../testing/databases.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

/** Nothing of it is in any other text. */
const unique = (name: string): string =>
  Array.from({ length: 400 }, (_, n) => sha256(`${name} ${n}`)).join('\n');
const sizeOf = (files: Readonly<Record<string, string>>): number =>
  Object.values(files).reduce((sum, text) => sum + text.length, 0);

for (const { kind, skip, options } of await testDatabases({ after })) {
  test(`what is stored once for versions, components and products is shown as that: ${kind}`, {
    skip,
  }, async (t) => {
    const root = await rootFixture(t, await options('room'));
    const shop = await publisher(t, root, 'shop');
    const common = { same: unique('same') };
    const trees = {
      api1: { ...common, 'api.js': unique('api 1') },
      api2: { ...common, 'api.js': unique('api 2') },
      web: { ...common, 'index.html': unique('web') },
    };
    await shop.publish('api', '1.0.0', trees.api1);
    await shop.publish('api', '2.0.0', trees.api2);
    await shop.publish('web', '1.0.0', trees.web);
    const other = await publisher(t, root, 'other');
    await other.publish('api', '1.0.0', trees.api1);

    const repository = await openRepository(`${root.folder}/repository`);
    const onDisk = async (domain: DomainId): Promise<number> => {
      let bytes = 0;
      for await (const digest of repository.listObjects(domain))
        bytes += (await stat(repository.objectPath(domain, digest))).size;
      return bytes;
    };
    const { products } = await root.api('storeShow', {});
    const [ofOther, ofShop] = products;
    assert.ok(ofOther !== undefined && ofShop !== undefined);
    assert.deepEqual(
      [ofOther.product, ofShop.product, ofShop.packages, ofShop.trees],
      ['other', 'shop', 3, 3],
    );
    const all = Object.values(trees).map(sizeOf);
    assert.equal(
      ofShop.treeBytes,
      all.reduce((a, b) => a + b),
    );
    const twiceAgain = 2 * sizeOf(common);
    assert.ok(ofShop.contentBytes >= ofShop.treeBytes - twiceAgain);
    assert.ok(ofShop.contentBytes < ofShop.treeBytes - twiceAgain + 2_000, 'and the texts of the trees');
    assert.equal(ofShop.storedBytes, await onDisk(shop.domain));
    assert.ok(ofShop.storedBytes < ofShop.contentBytes);
    assert.equal(ofShop.sharedBytes, ofOther.sharedBytes);
    const own = ofOther.storedBytes - ofOther.sharedBytes;
    assert.ok(own > 0 && own < 500, `${own} bytes: the document of its package`);

    const { packages, storedBytes, otherBytes } = await root.api('storeOfProduct', {
      params: { product: 'shop' },
    });
    assert.equal(storedBytes, ofShop.storedBytes);
    assert.equal(otherBytes, 0);
    assert.equal(
      packages.reduce((sum, one) => sum + one.broughtBytes, 0),
      storedBytes,
    );
    const [most] = packages;
    assert.deepEqual(
      [most?.component, most?.version],
      ['api', '1.0.0'],
      'it came first, with what all share',
    );
  });

  test(`a product gets no more room than its quota, and keeps what it has: ${kind}`, { skip }, async (t) => {
    const root = await rootFixture(t, await options('quota'));
    const shop = await publisher(t, root, 'shop');
    await shop.publish('api', '1.0.0', { 'api.js': unique('api 1') });
    const shown = async () => (await root.api('storeShow', {})).products[0];
    const { storedBytes = 0 } = (await shown()) ?? {};
    const setTo = (bytes: number | null) =>
      root.api('quotaSet', { params: { product: 'shop' }, body: { bytes } });
    assert.deepEqual(await setTo(storedBytes + 1_000), { product: 'shop', quotaBytes: storedBytes + 1_000 });

    const larger = { 'api.js': unique('api 2') };
    await assert.rejects(shop.publish('api', '2.0.0', larger), /E_PRODUCT_QUOTA/);
    assert.equal((await shown())?.storedBytes, storedBytes);
    await shop.publish('api', '1.0.0', { 'api.js': unique('api 1') });
    await setTo(10 * storedBytes);
    await shop.publish('api', '2.0.0', larger);
    await setTo(1);
    await shop.publish('api', '2.0.0', larger);
    await assert.rejects(shop.publish('api', '3.0.0', { 'api.js': 'a' }), /E_PRODUCT_QUOTA/);
    await setTo(null);
    await shop.publish('api', '3.0.0', { 'api.js': 'a' });
    await assert.rejects(root.api('quotaSet', { params: { product: 'none' }, body: { bytes: 1 } }), {
      code: 'E_NOT_FOUND',
    });
  });
}
