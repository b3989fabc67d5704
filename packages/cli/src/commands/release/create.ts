import { encodeRelease, type Release, XylemError } from '@xylem/core';
import { formatTime } from '@xylem/platform';
import type { Release as Present } from '@xylem/root/contract';
import { releaseTarget, targetDigest } from '@xylem/trust';
import type { Api } from '../../api/client.ts';
import { defineCommand, list, type Outcome, text } from '../../frame/define.ts';
import { isName, nameAtVersion, only } from '../../frame/words.ts';
import { changeRole, textOf } from '../../publishing/product-role.ts';

/** `shop-web=shop-api` says that shop-web is installed after shop-api. */
function readAfter(words: readonly string[]): Map<string, string[]> {
  const after = new Map<string, string[]>();
  for (const word of words) {
    const [component = '', others = '', ...more] = word.split('=');
    const names = others.split(',');
    if (more.length > 0 || ![component, ...names].every(isName))
      throw new XylemError(
        'E_INPUT',
        `--after ${word} is not valid. Write shop-web=shop-api: the first is installed after the second.`,
      );
    after.set(component, [...(after.get(component) ?? []), ...names]);
  }
  return after;
}

async function packagesOf(
  api: Api,
  product: string,
  withWords: readonly string[],
  afterWords: readonly string[],
): Promise<Release['packages']> {
  const after = readAfter(afterWords);
  const wanted = withWords.map((word) => nameAtVersion(word, 'package'));
  const stranger = [...after.keys(), ...[...after.values()].flat()].find(
    (one) => !wanted.some(({ name }) => name === one),
  );
  if (stranger !== undefined)
    throw new XylemError('E_INPUT', `--after names ${stranger}, which no --with names.`);
  const twice = wanted.find(({ name }, index) => wanted.findIndex((one) => one.name === name) < index);
  if (twice !== undefined)
    throw new XylemError(
      'E_INPUT',
      `--with names ${twice.name} twice. A release has one version of a component.`,
    );
  const packages = await Promise.all(
    wanted.map(async ({ name, version }) => {
      const found = await api.call('packageShow', { params: { product, component: name, version } });
      return { component: name, version, package: found.package, after: (after.get(name) ?? []).toSorted() };
    }),
  );
  return packages.toSorted((a, b) => (a.component < b.component ? -1 : 1)) as unknown as Release['packages'];
}

/** The release of this version, if there is one. */
async function existing(api: Api, product: string, version: string): Promise<Present | undefined> {
  try {
    return await api.call('releaseShow', { params: { product, version } });
  } catch (error) {
    if (error instanceof XylemError && error.code === 'E_NOT_FOUND') return undefined;
    throw error;
  }
}

const samePackages = (one: readonly object[], other: readonly object[]): boolean =>
  JSON.stringify(one.map(flat)) === JSON.stringify(other.map(flat));
const flat = (one: object): unknown => Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1));

export const command = defineCommand({
  arguments: '<release>',
  about:
    "Signed here, by the product's key. The same again changes nothing; other packages under a version are refused.",
  options: {
    with: list('<component@version>', 'a published package that belongs to it; may be repeated'),
    after: list('<component=others>', 'installed after these: shop-web=shop-api; may be repeated'),
    notes: text('<text>', 'what is new'),
  },
  example: 'xylem release create shop@2.4.0 --with shop-api@2.4.0 --with shop-web@1.9.0',
  async run({ args, options, api, home, clock, randomness, signal }) {
    const { name: product, version } = nameAtVersion(only(args), 'release');
    if (options.with.length === 0)
      throw new XylemError('E_INPUT', 'A release needs at least one package: --with shop-api@2.4.0.');
    const server = await api();
    const [packages, before, { domain }] = await Promise.all([
      packagesOf(server, product, options.with, options.after),
      existing(server, product, version),
      server.call('productShow', { params: { product } }),
    ]);
    const text = (what: string, release: string): string =>
      `${product}@${version} ${what} (${release.slice(0, 16)}).\nNext: xylem deploy ${product}@${version} --to ENVIRONMENT`;
    const repeated = (there: Present): Outcome => {
      if (!samePackages(there.packages, packages)) {
        const list = there.packages.map((one) => `${one.component}@${one.version}`).join(', ');
        throw new XylemError(
          'E_RELEASE_CONFLICT',
          `${product}@${version} exists with other packages: ${list}.`,
        );
      }
      return {
        data: { release: there.release, created: false },
        text: text('exists already with these packages', there.release),
      };
    };
    if (before !== undefined) return repeated(before);
    const release = {
      format: 'xylem-release-1',
      product,
      version,
      domain,
      issued: formatTime(clock.now()),
      notes: options.notes ?? '',
      packages,
    };
    const bytes = encodeRelease(release as Release);
    const digest = targetDigest(bytes);
    const created = await changeRole(
      { api: server, product, keysFolder: home.keysFolder, clock, randomness, signal },
      (content) => ({
        ...content,
        releases: new Map([...content.releases, [releaseTarget(product, digest.sha256), digest]]),
      }),
      (roles) =>
        server.call('releaseCreate', { params: { product }, body: { document: textOf(bytes), roles } }),
      // Someone else made this release at the same moment: issued in the same second, it has the same bytes.
      () => server.call('releaseShow', { params: { product, version } }),
    ).catch(async (error: unknown) => {
      // Or issued a second apart, with other bytes.
      const isTaken = error instanceof XylemError && error.code === 'E_RELEASE_CONFLICT';
      const there = isTaken ? await existing(server, product, version) : undefined;
      if (there === undefined) throw error;
      return there;
    });
    if ('packages' in created) return repeated(created);
    return { data: created, text: text('is released', created.release) };
  },
});
