import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostDetail } from '@xylem/root/contract';
import { program, startNode, startRoot, waitUntil, xylemEntry } from '@xylem/testkit';
import { jsonBy, operatorHere } from '../../testing/operator-here.ts';
import { pages, pagesEnvironment, pagesYaml } from '../../testing/pages.ts';

test('a build releases by a delegated key, and nothing of it is taken once the delegation is over', {
  timeout: 180_000,
}, async (t) => {
  const here = await operatorHere(t, 'delegate');
  const { at, xylem: owner, json } = here;
  const build = program({ entry: xylemEntry, home: at('ci'), logs: at('ci-logs') });
  const ci = jsonBy(() => build);
  const { publish, deploy, shown: page } = pages(here);

  const { apiUrl } = await startRoot(owner, at('root'), 'acme');
  await pagesEnvironment(here, pagesYaml('name = web'));
  await publish('1.0.0');

  // The build's machine: a key of its own, a token for this product alone, and no key of the product.
  await ci(`keys create ci --out ${at('ci.json')}`);
  const made = await json<{ token: string }>('api-token create build --role publisher --in product:shop');
  await ci(`login ${apiUrl} --token ${made.token}`);
  await assert.rejects(publish('2.0.0', ci), /E_KEY_INVALID/);
  await json(`release delegate shop --name ci --key ${at('ci.json')} --channel nightly --expires 30d`);
  await publish('2.0.0', ci);
  await ci('channel set shop/nightly 2.0.0');
  await assert.rejects(ci('channel set shop/stable 2.0.0'), /E_KEY_INVALID.*may not set/);
  await assert.rejects(ci('product floor shop 2.0.0'), /E_KEY_INVALID.*Only the keys of shop itself/);
  await assert.rejects(ci('release withdraw shop@1.0.0'), /E_KEY_INVALID/);
  await assert.rejects(ci('release delegate shop --revoke ci'), /E_KEY_INVALID/);

  await startNode(owner, { name: 'web', environment: 'acme/production', state: at('web') });
  await deploy('2.0.0');
  assert.equal(page(), '2.0.0');

  // What the product's own key took over stays; what only the delegate vouched for is taken by nobody.
  await publish('3.0.0', ci);
  await json('release restore shop@2.0.0');
  await json('release delegate shop --revoke ci');
  await assert.rejects(publish('4.0.0', ci), /E_KEY_INVALID/);
  await assert.rejects(json('deploy shop@3.0.0 --to production --yes'), /E_RELEASE_RETIRED/);
  const { products } = await json<{ products: { product: string }[] }>('product list');
  assert.deepEqual(
    products.map(({ product }) => product),
    ['shop'],
  );
  await json('host label web --yes zone=a');
  const settled = async (): Promise<boolean> =>
    !JSON.stringify(await json<HostDetail>('host show web')).includes('E_NOT_VOUCHED');
  await waitUntil(settled, 30_000, 'a host that goes on with 2.0.0');
  assert.equal(page(), '2.0.0');
  const { entries } = await json<{ entries: { what: string }[] }>('audit list --limit 1000');
  assert.equal(entries.filter(({ what }) => what === 'product.delegates').length, 2);
});
