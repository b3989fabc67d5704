import { encodeRelease, type Release, XylemError } from '@xylem/core';
import { formatTime } from '@xylem/platform';
import type { Release as Present } from '@xylem/root/contract';
import { releaseTarget, targetDigest } from '@xylem/trust';
import type { Api } from '../api/client.ts';
import type { Invocation } from '../frame/define.ts';
import { changeRole, textOf } from './product-role.ts';

/** A package of a release: installed after the components that it names. */
export interface Part {
  readonly component: string;
  readonly version: string;
  readonly after: readonly string[];
}

type Tools = Pick<Invocation, 'home' | 'clock' | 'randomness' | 'signal'>;

async function packagesOf(api: Api, product: string, parts: readonly Part[]): Promise<Release['packages']> {
  const packages = await Promise.all(
    parts.map(async ({ component, version, after }) => {
      const found = await api.call('packageShow', { params: { product, component, version } });
      return { component, version, package: found.package, after: after.toSorted() };
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

/**
 * Makes a release of published packages, signed by the product's key. The same again changes nothing.
 * @throws XylemError E_NOT_FOUND (a package), E_RELEASE_CONFLICT (other packages under this version)
 */
export async function createRelease(
  tools: Tools,
  server: Api,
  wanted: {
    readonly product: string;
    readonly version: string;
    readonly parts: readonly Part[];
    readonly notes: string;
  },
): Promise<{ readonly release: string; readonly created: boolean }> {
  const { product, version } = wanted;
  const [packages, before, { domain }] = await Promise.all([
    packagesOf(server, product, wanted.parts),
    existing(server, product, version),
    server.call('productShow', { params: { product } }),
  ]);
  const repeated = (there: Present) => {
    if (samePackages(there.packages, packages)) return { release: there.release, created: false };
    const list = there.packages.map((one) => `${one.component}@${one.version}`).join(', ');
    throw new XylemError('E_RELEASE_CONFLICT', `${product}@${version} exists with other packages: ${list}.`);
  };
  if (before !== undefined) return repeated(before);
  const { home, clock, randomness, signal } = tools;
  const release = {
    format: 'xylem-release-1',
    product,
    version,
    domain,
    issued: formatTime(clock.now()),
    notes: wanted.notes,
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
  return 'packages' in created ? repeated(created) : created;
}
