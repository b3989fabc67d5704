import {
  type Assignment,
  buildHostMap,
  type DesiredState,
  type Digest,
  type DomainId,
  directionFormat,
  type EnvironmentId,
  encodeDesiredState,
  type HostId,
  type HostMapEntry,
  timeOf,
  toB64u,
} from '@xylem/core';
import type { Clock } from '@xylem/platform';
import type { Repository } from '@xylem/store';
import {
  createRepository,
  generateKey,
  type KeyPair,
  publishRoles,
  signDirector,
  signTimestamp,
} from '@xylem/trust';
import { keepFiles, readCurrent } from './repository-files.ts';
import type { TestVendor } from './vendor.ts';

export interface DirectionOptions {
  readonly name: string;
  readonly repository: Repository;
  readonly clock: Clock;
  readonly collector: KeyPair;
}

/** What a test wants hosts to run; products and repositories follow from the vendors. */
export interface Wanted {
  readonly assignments?: readonly (Omit<Assignment, 'where' | 'config' | 'after'> & Partial<Assignment>)[];
  readonly vendors?: readonly TestVendor[];
  readonly hosts?: ReadonlyMap<HostId, HostMapEntry>;
  readonly revoked?: DesiredState['revoked'];
  readonly quarantined?: DesiredState['quarantined'];
  readonly lifts?: DesiredState['lifts'];
  readonly operators?: DesiredState['operators'];
  readonly through?: DesiredState['through'];
  /** Beside the usual. */
  readonly policy?: Partial<DesiredState['policy']>;
}

/** An environment's direction repository with its director's keys. */
export class TestDirection {
  readonly name: string;
  id!: EnvironmentId;
  firstRoot!: Uint8Array;
  state!: DesiredState;
  readonly #options: DirectionOptions;
  readonly #root = generateKey();
  readonly #director = generateKey();
  readonly #online = generateKey();
  #number = 0;

  private constructor(options: DirectionOptions) {
    this.name = options.name;
    this.#options = options;
  }

  static async create(options: DirectionOptions): Promise<TestDirection> {
    const direction = new TestDirection(options);
    const nowMs = options.clock.now();
    const roleKeys = (key: KeyPair) => ({ keys: [key] });
    const online = { snapshot: [direction.#online], timestamp: [direction.#online] };
    // The id is the digest of the root, which is signed before there is a desired state that names it.
    const roles = {
      root: roleKeys(direction.#root),
      targets: roleKeys(direction.#director),
      snapshot: roleKeys(direction.#online),
      timestamp: roleKeys(direction.#online),
    };
    const empty = await signDirector({
      desiredState: new Uint8Array(),
      previousVersion: 0,
      signers: [direction.#director],
      nowMs,
    });
    const { id, files } = await createRepository({
      roles,
      rootSigners: [direction.#root],
      targets: empty,
      online,
      nowMs,
    });
    direction.id = id as string as EnvironmentId;
    const root = files.find(({ path }) => path === 'metadata/1.root.json');
    if (root === undefined) throw new Error('no root');
    direction.firstRoot = root.bytes;
    await options.repository.putFile(`r/${id}/${root.path}`, root.bytes);
    await direction.direct({});
    return direction;
  }

  /** Signs and writes the next desired state. @returns its snapshot version */
  async direct(wanted: Wanted): Promise<number> {
    const { repository, clock, collector } = this.#options;
    const { assignments = [], vendors = [], hosts = new Map(), policy: more, ...said } = wanted;
    const policy = { reportEverySeconds: 3600, keepPrevious: 1, ...more };
    const hostMap = buildHostMap(hosts);
    await repository.putObjects(this.id as string as DomainId, hostMap.nodes);
    const repositories: Record<string, { snapshot: number }> = {};
    const products: Record<string, { repository: string; domain: string }> = {};
    for (const vendor of vendors) {
      repositories[vendor.id] = { snapshot: await vendor.snapshot() };
      products[vendor.product] = { repository: vendor.id, domain: vendor.domain };
    }
    this.#number += 1;
    this.state = {
      ...directionFormat({
        policy,
        assignments,
        ...(said.through === undefined ? {} : { through: said.through }),
      }),
      environment: this.id,
      name: this.name,
      number: this.#number,
      issued: timeOf(clock.now()),
      repositories,
      products,
      assignments: assignments.map((assignment) => ({ where: '', config: {}, after: [], ...assignment })),
      purge: [],
      policy,
      collector: { key: toB64u(collector.public) },
      hostMap: hostMap.root as Digest,
      ...said,
    } as unknown as DesiredState;
    const before = await readCurrent(repository, this.id, clock.now());
    const director = await signDirector({
      desiredState: encodeDesiredState(this.state),
      previousVersion: before?.targets ?? 0,
      signers: [this.#director],
      nowMs: clock.now(),
    });
    const files = await this.#sign([director], before);
    return await keepFiles(repository, this.id, [director.target, ...files]);
  }

  /** Signs the timestamp anew, as every day: same snapshot. */
  async renew(): Promise<void> {
    const { repository, clock } = this.#options;
    const before = await readCurrent(repository, this.id, clock.now());
    if (before === null) throw new Error('nothing to renew');
    const timestamp = await signTimestamp({
      repository: this.id as never,
      previous: before.previous.timestamp,
      snapshot: before.previous.snapshot,
      signers: [this.#online],
      nowMs: clock.now(),
    });
    await keepFiles(repository, this.id, [timestamp.file]);
  }

  async #sign(
    changed: Parameters<typeof publishRoles>[0]['changed'],
    before: Awaited<ReturnType<typeof readCurrent>>,
  ) {
    return await publishRoles({
      repository: this.id as never,
      previous: before?.previous ?? null,
      changed,
      online: { snapshot: [this.#online], timestamp: [this.#online] },
      nowMs: this.#options.clock.now(),
    });
  }
}
