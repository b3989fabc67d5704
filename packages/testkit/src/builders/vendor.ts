import {
  type Digest,
  type DomainId,
  encodePackage,
  encodeRelease,
  type PackageDocument,
  type Release,
  type RepositoryId,
  sha256,
  timeOf,
} from '@xylem/core';
import type { Clock, Randomness } from '@xylem/platform';
import {
  type ChunkIndex,
  memoryChunkIndex,
  publishOffer,
  publishTree,
  type Repository,
  repositorySink,
} from '@xylem/store';
import {
  createRepository,
  emptyProductRole,
  generateKey,
  type ProductRoleContent,
  productRoleName,
  publishRoles,
  releaseTarget,
  signProductRole,
  signTargets,
  targetDigest,
  targetFilePath,
} from '@xylem/trust';
import { keepFiles, readCurrent } from './repository-files.ts';

export interface VendorOptions {
  readonly product: string;
  readonly repository: Repository;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

/** A published package version, as releases and assignments name it. */
export interface TestPackage {
  readonly component: string;
  readonly version: string;
  readonly package: Digest;
  readonly tree: Digest;
  readonly packs: readonly Digest[];
}

/** A vendor with one product: its release repository, its keys, and what it published. */
export class TestVendor {
  readonly product: string;
  readonly domain: DomainId;
  id!: RepositoryId;
  firstRoot!: Uint8Array;
  readonly #options: VendorOptions;
  readonly #root = generateKey();
  readonly #publisher = generateKey();
  readonly #online = generateKey();
  readonly #index: ChunkIndex = memoryChunkIndex();
  #content: ProductRoleContent = emptyProductRole;

  private constructor(options: VendorOptions) {
    this.#options = options;
    this.product = options.product;
    this.domain = options.randomness.bytes(16).toString('hex') as DomainId;
  }

  static async create(options: VendorOptions): Promise<TestVendor> {
    const vendor = new TestVendor(options);
    const nowMs = options.clock.now();
    const targets = await signTargets({
      products: [vendor.#delegation()],
      previousVersion: 0,
      signers: [vendor.#root],
      nowMs,
    });
    const online = { snapshot: [vendor.#online], timestamp: [vendor.#online] };
    const { id, files } = await createRepository({
      roles: {
        root: { keys: [vendor.#root] },
        targets: { keys: [vendor.#root] },
        snapshot: { keys: [vendor.#online] },
        timestamp: { keys: [vendor.#online] },
      },
      rootSigners: [vendor.#root],
      targets,
      online,
      nowMs,
    });
    vendor.id = id;
    const root = files.find(({ path }) => path === 'metadata/1.root.json');
    if (root === undefined) throw new Error('no root');
    vendor.firstRoot = root.bytes;
    await keepFiles(options.repository, id, files);
    return vendor;
  }

  /** Publishes a folder as a version of a component, kind `files` unless `document` says otherwise. */
  async publishPackage(
    component: string,
    version: string,
    folder: string,
    document: Partial<PackageDocument> = {},
  ): Promise<TestPackage> {
    const { repository } = this.#options;
    const sink = repositorySink(repository, this.domain, this.#index);
    const published = await publishTree({ folder, sink });
    const { tree, treeChunks, sizeBytes } = published;
    await publishOffer({ repository, domain: this.domain, tree, treeChunks, index: this.#index });
    const bytes = encodePackage({
      format: 'xylem-package-1',
      product: this.product,
      component,
      version,
      kind: 'files',
      variants: [{ tree, sizeBytes }],
      ...document,
    } as unknown as PackageDocument);
    const digest = sha256(bytes) as Digest;
    await repository.putObject(this.domain, digest, bytes);
    return { component, version, package: digest, tree, packs: published.packs.map((pack) => pack.digest) };
  }

  /** Signs a release. @returns the digest of its document */
  async release(version: string, packages: readonly TestPackage[]): Promise<Digest> {
    const { repository, clock } = this.#options;
    const document: Release = {
      format: 'xylem-release-1',
      product: this.product,
      version,
      domain: this.domain,
      issued: timeOf(clock.now()),
      notes: '',
      packages: packages
        .map((one) => ({ component: one.component, version: one.version, package: one.package, after: [] }))
        .sort((a, b) => (a.component < b.component ? -1 : 1)),
    } as unknown as Release;
    const bytes = encodeRelease(document);
    const digest = sha256(bytes) as Digest;
    const path = releaseTarget(this.product, digest);
    await repository.putFile(`r/${this.id}/${targetFilePath(path, digest)}`, bytes);
    this.#content = {
      ...this.#content,
      releases: new Map([...this.#content.releases, [path, targetDigest(bytes)]]),
    };
    await this.#sign();
    return digest;
  }

  /** Changes floor, withdrawals, or the ways between releases. */
  async rule(rules: Pick<ProductRoleContent, 'floor' | 'withdrawn' | 'transitions'>): Promise<void> {
    this.#content = { ...this.#content, ...rules };
    await this.#sign();
  }

  /** The snapshot version that is current. */
  async snapshot(): Promise<number> {
    return await keepFiles(this.#options.repository, this.id, []);
  }

  #delegation() {
    return { product: this.product, domain: this.domain, keys: [this.#publisher] };
  }

  async #sign(): Promise<void> {
    const { repository, clock } = this.#options;
    const nowMs = clock.now();
    const before = await readCurrent(repository, this.id, nowMs);
    const role = productRoleName(this.domain);
    const version = before?.roles[role];
    const bytes =
      version === undefined
        ? null
        : await repository.readFile(`r/${this.id}/metadata/${version}.${role}.json`);
    const changed = await signProductRole({
      product: this.#delegation(),
      previous: new Map(bytes === null ? [] : [[role, bytes]]),
      content: this.#content,
      signers: [this.#publisher],
      nowMs,
    });
    const files = await publishRoles({
      repository: this.id,
      previous: before?.previous ?? null,
      changed,
      online: { snapshot: [this.#online], timestamp: [this.#online] },
      nowMs,
    });
    await keepFiles(repository, this.id, files);
  }
}
