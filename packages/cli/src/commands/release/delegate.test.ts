import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostDetail } from '@xylem/root/contract';
import { program, tempFolder, waitUntil, xylemEntry } from '@xylem/testkit';

const yaml =
  'environment: acme/production\nproducts:\n  shop:\n    components:\n      pages: { where: name = web }\n';

test('a build releases by a delegated key, and nothing of it is taken once the delegation is over', {
  timeout: 180_000,
}, async (t) => {
  const folder = await tempFolder(t, 'delegate');
  const at = (...names: string[]): string => join(folder, ...names);
  const owner = program({ entry: xylemEntry, home: at('home'), logs: at('logs') });
  const build = program({ entry: xylemEntry, home: at('ci'), logs: at('ci-logs') });
  t.after(() => owner.stop());
  const by =
    (who: typeof owner) =>
    async <T>(line: string): Promise<T> =>
      (await who.command(line.split(' '))) as T;
  const [json, ci] = [by(owner), by(build)];
  const page = (): string => readFileSync(at('web', 'components', 'pages', 'current', 'page.html'), 'utf8');
  const publish = async (who: typeof json, version: string): Promise<unknown> => {
    mkdirSync(at('made', 'tree'), { recursive: true });
    writeFileSync(at('made', 'tree', 'page.html'), version);
    const manifest = `product: shop\ncomponent: pages\nversion: ${version}\nfolder: tree\n`;
    writeFileSync(at('made', 'xylem.yaml'), manifest);
    await who(`package publish ${at('made')}`);
    return await who(`release create shop@${version} --with pages@${version}`);
  };

  const { operatorToken } = await json<{ operatorToken: string }>(
    `root init --state ${at('root')} --tenant acme`,
  );
  const listen = ['--api', '127.0.0.1:0', '--listen', '127.0.0.1:0'];
  const ready = await owner.start('root', ['root', 'run', '--state', at('root'), ...listen]);
  const { apiUrl, nodesUrl } = ready as { apiUrl: string; nodesUrl: string };
  await json(`login ${apiUrl} --token ${operatorToken}`);
  writeFileSync(at('production.yaml'), yaml);
  await json(`env create acme/production --file ${at('production.yaml')}`);
  await publish(json, '1.0.0');

  // The build's machine: a key of its own, a token for this product alone, and no key of the product.
  await ci(`keys create ci --out ${at('ci.json')}`);
  const made = await json<{ token: string }>('api-token create build --role publisher --in product:shop');
  await ci(`login ${apiUrl} --token ${made.token}`);
  await assert.rejects(publish(ci, '2.0.0'), /E_KEY_INVALID/);
  await json(`release delegate shop --name ci --key ${at('ci.json')} --channel nightly --expires 30d`);
  await publish(ci, '2.0.0');
  await ci('channel set shop/nightly 2.0.0');
  await assert.rejects(ci('channel set shop/stable 2.0.0'), /E_KEY_INVALID.*may not set/);
  await assert.rejects(ci('product floor shop 2.0.0'), /E_KEY_INVALID.*Only the keys of shop itself/);
  await assert.rejects(ci('release withdraw shop@1.0.0'), /E_KEY_INVALID/);
  await assert.rejects(ci('release delegate shop --revoke ci'), /E_KEY_INVALID/);

  const { token } = await json<{ token: string }>('token create --env production');
  await json(`join ${nodesUrl} --token ${token} --name web --state ${at('web')}`);
  await owner.start('web', ['agent', 'run', '--state', at('web')]);
  await json('deploy shop@2.0.0 --to production --watch --yes --timeout 60');
  assert.equal(page(), '2.0.0');

  // What the product's own key took over stays; what only the delegate vouched for is taken by nobody.
  await publish(ci, '3.0.0');
  await json('release restore shop@2.0.0');
  await json('release delegate shop --revoke ci');
  await assert.rejects(publish(ci, '4.0.0'), /E_KEY_INVALID/);
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
