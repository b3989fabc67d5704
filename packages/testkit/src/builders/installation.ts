import { join } from 'node:path';
import type { EnvironmentId } from '@xylem/core';
import { type Clock, type Randomness, systemClock, systemRandomness } from '@xylem/platform';
import { openRepository, type Repository } from '@xylem/store';
import {
  buildTrustMap,
  CertificateAuthority,
  generateKey,
  hostIdOf,
  type Identity,
  type KeyPair,
  makeCsr,
  saveIdentity,
} from '@xylem/trust';
import type { Cleanup } from '../cleanup.ts';
import { tempFolder } from '../temp-folder.ts';
import { TestDirection } from './direction.ts';
import { TestVendor } from './vendor.ts';

export interface JoinedHost {
  readonly stateFolder: string;
  readonly identity: Identity;
}

/** An installation without a root server's program: CA, collector, vendors and environments over one repository folder. */
export class TestInstallation {
  readonly folder: string;
  readonly repository: Repository;
  readonly ca: CertificateAuthority;
  readonly collector: KeyPair = generateKey();
  readonly vendors: TestVendor[] = [];
  readonly clock: Clock;
  readonly #randomness: Randomness;
  readonly #context: Cleanup;

  private constructor(
    context: Cleanup,
    folder: string,
    repository: Repository,
    ca: CertificateAuthority,
    clock: Clock,
  ) {
    this.#context = context;
    this.#randomness = systemRandomness;
    this.folder = folder;
    this.repository = repository;
    this.ca = ca;
    this.clock = clock;
  }

  static async create(context: Cleanup, clock: Clock = systemClock): Promise<TestInstallation> {
    const folder = await tempFolder(context, 'installation');
    const repository = await openRepository(join(folder, 'repository'));
    const ca = await CertificateAuthority.create(clock, systemRandomness);
    return new TestInstallation(context, folder, repository, ca, clock);
  }

  async addVendor(product: string): Promise<TestVendor> {
    const { repository, clock } = this;
    const vendor = await TestVendor.create({ product, repository, clock, randomness: this.#randomness });
    this.vendors.push(vendor);
    return vendor;
  }

  async addEnvironment(name: string): Promise<TestDirection> {
    const { repository, clock, collector } = this;
    return await TestDirection.create({ name, repository, clock, collector });
  }

  /** A host that has joined: its state folder with an identity, as `joinHost` leaves it. */
  async join(
    environment: TestDirection,
    options: { parents: readonly string[]; serves?: readonly EnvironmentId[] | '*'; name?: string },
  ): Promise<JoinedHost> {
    const { parents, serves, name = 'host' } = options;
    const key = generateKey();
    const host = hostIdOf(key.public);
    const certificatePem = await this.ca.issue(makeCsr(key, host), {
      environment: environment.id,
      serves: serves ?? null,
    });
    const products = Object.fromEntries(this.vendors.map((vendor) => [vendor.product, vendor.id]));
    const identity: Identity = {
      host,
      environment: { id: environment.id, name: environment.name },
      name,
      serve: serves !== undefined,
      parents,
      key,
      certificatePem,
      caPem: this.ca.certificatePem,
      trustMap: buildTrustMap({
        direction: environment.firstRoot,
        releases: this.vendors.map((vendor) => vendor.firstRoot),
        products,
      }),
    };
    const stateFolder = await tempFolder(this.#context, name);
    await saveIdentity(join(stateFolder, 'identity'), identity);
    return { stateFolder, identity };
  }
}
