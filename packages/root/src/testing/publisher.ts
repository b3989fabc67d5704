import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type Digest,
  type DomainId,
  encodeChannel,
  encodePackage,
  encodeRelease,
  type PackageDocument,
  timeOf,
  type Version,
} from '@xylem/core';
import { publishTree } from '@xylem/store';
import { tempFolder } from '@xylem/testkit';
import {
  channelTarget,
  type Delegate,
  delegateRoleName,
  emptyProductRole,
  generateKey,
  type KeyPair,
  type ProductRoleContent,
  readDelegated,
  readProductDelegations,
  readProductRole,
  releaseTarget,
  type SignedRole,
  signDelegateRole,
  signProductRole,
  signTargets,
  type TargetDigest,
  targetDigest,
} from '@xylem/trust';
import type { RootFixture } from './root-fixture.ts';
import { writeTree } from './root-fixture.ts';

/** A publisher with a key of its own, as the CLI is one: it signs at home and sends over the API. */
export interface Publisher {
  readonly product: string;
  readonly domain: DomainId;
  /** From now on it publishes there. */
  moveTo(other: RootFixture): void;
  publish(
    component: string,
    version: string,
    files: Readonly<Record<string, string>>,
    more?: {
      readonly platform?: { readonly os: string; readonly arch: string };
      /** Further blocks of the document. */
      readonly document?: Partial<PackageDocument>;
    },
  ): Promise<Digest>;
  release(version: string, packages: Readonly<Record<string, string>>): Promise<Digest>;
  /** A build with a key of its own, which may release until then. */
  delegate(name: string, untilMs: number): Promise<Pick<Publisher, 'release'>>;
  /** No host takes them any more; or they are vouched for again, as before. */
  retire(...versions: readonly string[]): Promise<void>;
  restore(...versions: readonly string[]): Promise<void>;
  /** Vouches for a release by the product's own key too. */
  takeOver(version: string): Promise<void>;
  setChannel(channel: string, version: string): Promise<void>;
  /** Which ways lead from one release to another. */
  transit(transitions: NonNullable<ProductRoleContent['transitions']>): Promise<void>;
}

export async function publisher(
  t: Pick<TestContext, 'after'>,
  first: RootFixture,
  product: string,
): Promise<Publisher> {
  let root = first;
  const key = generateKey();
  const domain = Buffer.from(generateKey().public).toString('hex').slice(0, 32) as DomainId;
  const delegation = { product, domain, keys: [key] };
  const scratch = await tempFolder(t, 'publisher');
  await createProduct(root, delegation, key);

  const uploads = async (signing: (previous: Map<string, Buffer>) => Promise<readonly SignedRole[]>) => {
    const { roles } = await root.api('productRoles', { params: { product } });
    const signed = await signing(new Map(roles.map(({ role, metadata }) => [role, Buffer.from(metadata)])));
    return signed.map(({ role, file }) => ({
      role,
      baseVersion: roles.find((entry) => entry.role === role)?.version ?? 0,
      metadata: Buffer.from(file.bytes).toString(),
    }));
  };
  const sign = async (change: (content: ProductRoleContent) => ProductRoleContent) =>
    await uploads((previous) =>
      signProductRole({
        product: delegation,
        previous,
        content: change(readProductRole(delegation, previous)),
        signers: [key],
        nowMs: root.clock.now(),
      }),
    );
  const vouch = (target: [string, TargetDigest]) =>
    sign((content) => ({ ...content, releases: new Map([...content.releases, target]) }));
  const releaseBy = async (
    version: string,
    packages: Readonly<Record<string, string>>,
    signing: typeof vouch,
  ): Promise<Digest> => {
    const known = (await root.api('packageList', { params: { product } })).packages;
    const document = encodeRelease({
      format: 'xylem-release-1',
      product,
      version: version as Version,
      domain,
      issued: timeOf(root.clock.now()),
      notes: '',
      packages: Object.entries(packages)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([component, wanted]) => ({
          component,
          version: wanted as Version,
          package: known.find((p) => p.component === component && p.version === wanted)?.package as Digest,
          after: [],
        })),
    });
    const digest = targetDigest(document);
    const roles = await signing([releaseTarget(product, digest.sha256), digest]);
    const body = { document: Buffer.from(document).toString(), roles };
    return (await root.api('releaseCreate', { params: { product }, body })).release as Digest;
  };

  const gone = new Map<string, TargetDigest>();
  const targetsOf = async (versions: readonly string[]): Promise<string[]> => {
    const shown = await Promise.all(
      versions.map((version) => root.api('releaseShow', { params: { product, version } })),
    );
    return shown.map(({ release }) => releaseTarget(product, release));
  };

  return {
    product,
    domain,
    moveTo: (other) => {
      root = other;
    },
    publish: async (component, version, files, { platform, document: blocks = {} } = {}) => {
      const folder = join(scratch, `${component}-${version}`);
      await writeTree(folder, files);
      const tree = await publishTree({
        folder,
        sink: {
          scratchFolder: await tempFolder(t, 'scratch'),
          knownChunks: async (digests) => {
            const { known } = await root.api('chunksKnown', {
              params: { product },
              body: { digests: [...digests] },
            });
            return new Set(known as Digest[]);
          },
          putPack: async (pack) => {
            await root.api('packPut', {
              params: { product, pack: pack.digest },
              body: await readFile(pack.file),
            });
          },
        },
      });
      await root.api('treeRegister', {
        params: { product },
        body: {
          tree: tree.tree,
          treeChunks: tree.treeChunks.map(([digest, size]): [string, number] => [digest, size]),
        },
      });
      const document = encodePackage({
        ...(blocks.migrations === undefined
          ? { format: 'xylem-package-1' as const }
          : { format: 'xylem-package-2' as const, needs: ['migrations'] }),
        product,
        component,
        version: version as Version,
        kind: 'files',
        variants: [{ ...platform, tree: tree.tree, sizeBytes: tree.sizeBytes }],
        ...blocks,
      });
      const body = { document: Buffer.from(document).toString() };
      return (await root.api('packageRegister', { params: { product }, body })).package as Digest;
    },
    release: (version, packages) => releaseBy(version, packages, vouch),
    delegate: async (name, untilMs) => {
      const signer = generateKey();
      const delegate: Delegate = { name, key: signer, channels: [], untilMs };
      const roles = await sign((content) => ({
        ...content,
        delegates: [...(content.delegates ?? []), delegate],
      }));
      await root.api('productRolesPut', { params: { product }, body: { roles } });
      const signing: typeof vouch = (target) =>
        uploads(async (previous) => {
          const { releases, channels } = readDelegated(delegation, delegate, previous);
          const content = { releases: new Map([...releases, target]), channels };
          const role = delegateRoleName(domain, signer.keyId);
          return [
            await signDelegateRole({
              product: delegation,
              delegate,
              previous: previous.get(role),
              content,
              signer,
              nowMs: root.clock.now(),
            }),
          ];
        });
      return { release: (version, packages) => releaseBy(version, packages, signing) };
    },
    retire: async (...versions) => {
      const targets = new Set<string>(await targetsOf(versions));
      const roles = await sign((content) => {
        for (const [target, digest] of content.releases) if (targets.has(target)) gone.set(target, digest);
        const left = [...content.releases].filter(([target]) => !targets.has(target));
        return { ...content, releases: new Map(left) };
      });
      await root.api('productRolesPut', { params: { product }, body: { roles } });
    },
    restore: async (...versions) => {
      const targets = new Set<string>(await targetsOf(versions));
      const back = [...gone].filter(([target]) => targets.has(target));
      const roles = await sign((content) => ({
        ...content,
        releases: new Map([...content.releases, ...back]),
      }));
      await root.api('productRolesPut', { params: { product }, body: { roles } });
    },
    takeOver: async (version) => {
      const shown = await root.api('releaseShow', { params: { product, version } });
      const { roles: present } = await root.api('productRoles', { params: { product } });
      const target = releaseTarget(product, shown.release);
      const found = present
        .map(({ metadata }) => JSON.parse(metadata) as Metadata)
        .find(({ signed }) => signed.targets[target] !== undefined);
      const length = found?.signed.targets[target]?.length ?? 0;
      const roles = await vouch([target, { length, sha256: shown.release as Digest }]);
      await root.api('productRolesPut', { params: { product }, body: { roles } });
    },
    transit: async (transitions) => {
      const roles = await sign((content) => ({ ...content, transitions }));
      await root.api('productRolesPut', { params: { product }, body: { roles } });
    },
    setChannel: async (channel, version) => {
      const release = await root.api('releaseShow', { params: { product, version } });
      const document = encodeChannel({
        format: 'xylem-channel-1',
        product,
        channel,
        version: version as Version,
        release: release.release as Digest,
        issued: timeOf(root.clock.now()),
      });
      const roles = await sign((content) => ({
        ...content,
        channels: new Map([...content.channels, [channelTarget(product, channel), targetDigest(document)]]),
      }));
      await root.api('channelSet', {
        params: { product, channel },
        body: { document: Buffer.from(document).toString(), roles },
      });
    },
  };
}

interface Metadata {
  readonly signed: { readonly targets: Readonly<Record<string, { readonly length: number }>> };
}

async function createProduct(
  root: RootFixture,
  delegation: { product: string; domain: DomainId; keys: readonly KeyPair[] },
  key: KeyPair,
): Promise<void> {
  const { targets } = await root.api('releaseRepository');
  const products = readProductDelegations(Buffer.from(targets.metadata));
  const signed = await signTargets({
    products: [...products, delegation],
    previousVersion: targets.version,
    signers: [root.vendor.targetsKey],
    nowMs: root.clock.now(),
  });
  const roles = await signProductRole({
    product: delegation,
    previous: new Map(),
    content: emptyProductRole,
    signers: [key],
    nowMs: root.clock.now(),
  });
  const upload = ({ role, file }: { role: string; file: { bytes: Uint8Array } }, baseVersion: number) => ({
    role,
    baseVersion,
    metadata: Buffer.from(file.bytes).toString(),
  });
  await root.api('productCreate', {
    body: {
      product: delegation.product,
      domain: delegation.domain,
      targets: upload(signed, targets.version),
      roles: roles.map((role) => upload(role, 0)),
    },
  });
}
