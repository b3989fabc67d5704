import type { TestContext } from 'node:test';
import { type Digest, parsePackage, timeOf } from '@xylem/core';
import { openRepository, type Repository } from '@xylem/store';
import { type FakeHost, fakeHost, installed } from './fake-host.ts';
import { type Publisher, publisher } from './publisher.ts';
import { type RootFixture, type RootFixtureOptions, rootFixture } from './root-fixture.ts';

export const makerCommand = [
  process.execPath,
  new URL('./run-patch-maker.ts', import.meta.url).pathname,
] as const;

export interface PatchFleet {
  readonly root: RootFixture;
  readonly shop: Publisher;
  readonly host: FakeHost;
  /** A second look at the root server's own files. */
  readonly repository: Repository;
  /** Publishes and releases a version of which all but a line is as in the others. */
  publish(version: string): Promise<{ readonly package: Digest; readonly tree: Digest }>;
  /** The host says that it runs it, and by which patch it came there. */
  runs(version: string, came?: { readonly from: Digest; readonly bytes: number }): Promise<void>;
}

/** A root server, a product whose versions differ by little, and a host of an environment that may have it. */
export async function patchFleet(t: TestContext, options: RootFixtureOptions = {}): Promise<PatchFleet> {
  const root = await rootFixture(t, options);
  const shop = await publisher(t, root, 'shop');
  const yaml = 'environment: production\nproducts: { shop: { components: { shop-web: { where: all } } } }\n';
  await root.api('environmentCreate', { body: { name: 'production', yaml } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'production' } });
  const host = await fakeHost(root, token, { name: 'a' });
  const packages = new Map<string, { readonly package: Digest; readonly tree: Digest }>();
  return {
    root,
    shop,
    host,
    repository: await openRepository(`${root.folder}/repository`),
    publish: async (version) => {
      const digest = await shop.publish('shop-web', version, {
        'lib/app.js': `// ${version}\n${text}`,
        'lib/same.js': text.slice(0, 100_000),
      });
      await shop.release(version, { 'shop-web': version });
      const { document } = await root.api('packageShow', {
        params: { product: 'shop', component: 'shop-web', version },
      });
      const [variant] = parsePackage(Buffer.from(document)).variants;
      if (variant === undefined) throw new Error('a package has a variant');
      const published = { package: digest, tree: variant.tree };
      packages.set(version, published);
      return published;
    },
    runs: async (version, came) => {
      const known = packages.get(version);
      if (known === undefined) throw new Error(`${version} is not published`);
      const { package: digest, tree } = known;
      const own = { component: 'shop-web', product: 'shop', package: digest, version } as never;
      const said = { ...installed(own, timeOf(root.clock.now())), tree };
      await host.report([own], { components: [came === undefined ? said : { ...said, came }] });
    },
  };
}

/** Lines that zstd makes hardly smaller, the same in each run. */
const text = ((): string => {
  let state = 1n;
  const lines = Array.from({ length: 4_000 }, () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
    return state.toString(36).padStart(13, '0').repeat(1) + (state >> 7n).toString(36).padStart(13, '0');
  });
  return lines.join('\n');
})();
