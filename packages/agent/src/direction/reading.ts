import {
  compareVersions,
  type DesiredState,
  type HostAssignment,
  type HostMapEntry,
  knownConfig,
  limits,
  parsePackage,
  parseRelease,
  type Release,
  type RepositoryId,
  sha256,
  type TransitionGraph,
  timeMs,
  type Version,
  XylemError,
} from '@xylem/core';
import { inParallel } from '@xylem/store';
import { productRoleName, releaseTarget, repositoryForProduct, type TufClient } from '@xylem/trust';
import type { HostValues, Placed } from '../slot/placed.ts';
import { notVouched, place, shortDigest } from './place.ts';
import type { ResolveOptions } from './resolve.ts';

/** What became of one assignment. */
type Outcome = { readonly placed: Placed } | { readonly component: string; readonly error: XylemError };

/** Package documents are up to 1 MiB each. */
const readAtOnce = 4;

/** Verified reading of releases and packages for one desired state; each repository and release is read once. */
export class Reading {
  readonly floors: Record<string, string> = {};
  /** What publishers say of the ways between releases, by product. */
  readonly graphs = new Map<string, TransitionGraph>();
  readonly #options: ResolveOptions;
  readonly #state: DesiredState;
  readonly #host: HostValues;
  readonly #repositories = new Map<RepositoryId, Promise<TufClient>>();
  readonly #releases = new Map<string, Promise<Release>>();
  readonly #clients = new Map<RepositoryId, TufClient>();

  constructor(options: ResolveOptions, state: DesiredState, entry: HostMapEntry) {
    this.#options = options;
    this.#host = { name: entry.name ?? options.identity.name, labels: entry.labels };
    this.#state = state;
  }

  versions(): Record<string, number> {
    const versions = [...this.#clients].map(([id, client]) => [id, client.state().snapshot] as const);
    // In an order that does not depend on which answer came first: what is accepted is compared with the former.
    return Object.fromEntries(versions.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /**
   * What becomes of each assignment, in their order; their documents are read side by side.
   * @param isOnTheWay of releases to pass through: the configuration was written for another
   */
  async all(assignments: readonly HostAssignment[], isOnTheWay = false): Promise<Outcome[]> {
    const outcomes = new Map<HostAssignment, Outcome>();
    await inParallel(assignments, readAtOnce, async (assignment) => {
      try {
        outcomes.set(assignment, { placed: await this.#placed(assignment, isOnTheWay) });
      } catch (error) {
        if (!(error instanceof XylemError)) throw error;
        outcomes.set(assignment, { component: assignment.component, error });
      }
    });
    return assignments.flatMap((assignment) => outcomes.get(assignment) ?? []);
  }

  /** A release that direction names, read once. @throws XylemError why it is not taken */
  release(assignment: HostAssignment): Promise<Release> {
    return this.#once(this.#releases, `${assignment.product} ${assignment.release}`, () =>
      this.#release(assignment),
    );
  }

  async #placed(assignment: HostAssignment, isOnTheWay: boolean): Promise<Placed> {
    const { documents, files, platform, places } = this.#options;
    const domain = this.#state.products[assignment.product]?.domain;
    const release = await this.release(assignment);
    const digest = assignment.package;
    const bytes = await documents.get(digest, () => files.fetch(`o/${domain}/${digest}`, limits.package));
    const document = parsePackage(bytes);
    const asked = isOnTheWay
      ? { ...assignment, config: knownConfig(document, assignment.config) }
      : assignment;
    return place(asked, release, document, this.#state, platform, places, this.#host);
  }

  async #release({ product, component, release: digest }: HostAssignment): Promise<Release> {
    const { identity } = this.#options;
    const named = this.#state.products[product];
    const repository = repositoryForProduct(identity.trustMap, product);
    if (named === undefined || repository === null || repository !== named.repository) {
      throw new XylemError(
        'E_TRUST',
        `The trust map of this host gives ${product} to another release repository.`,
      );
    }
    const client = await this.#once(this.#repositories, repository, () => this.#refreshed(repository));
    const fresh = this.#freshness(repository);
    const role = productRoleName(named.domain);
    const rules = await client.productRules(role, fresh);
    const bytes = await client.readTarget(releaseTarget(product, digest), limits.release, fresh);
    if (rules === null || bytes === null || sha256(bytes) !== digest) {
      throw notVouched(
        component,
        `the publisher of ${product} does not vouch for the release ${shortDigest(digest)}`,
      );
    }
    const release = parseRelease(bytes);
    await client.raiseFloor(timeMs(release.issued));
    if (rules.withdrawn?.includes(digest) === true) {
      throw new XylemError('E_WITHDRAWN', `${product} ${release.version} was withdrawn by its publisher.`);
    }
    const floor = this.#checkFloor(repository, product, release.version, rules.floor);
    if (rules.transitions !== undefined)
      this.graphs.set(product, {
        transitions: rules.transitions,
        ...(floor === undefined ? {} : { floor }),
      });
    return release;
  }

  async #refreshed(repository: RepositoryId): Promise<TufClient> {
    const client = await this.#options.releases(repository);
    const { root, snapshot } = await client.open();
    const named = this.#state.repositories[repository]?.snapshot;
    // docs/spec/direction.md: who holds what direction names need not ask for a newer timestamp.
    if (named === undefined || snapshot < named) {
      const metadata = `r/${repository}/metadata`;
      this.#options.files.begin(`${metadata}/${root + 1}.root.json`, limits.rootMetadata);
      this.#options.files.begin(`${metadata}/timestamp.json`, limits.timestamp);
      await client.refresh(this.#freshness(repository));
    }
    this.#clients.set(repository, client);
    return client;
  }

  #freshness(repository: RepositoryId): { vouchedSnapshot?: number } {
    const named = this.#state.repositories[repository]?.snapshot;
    return named === undefined ? {} : { vouchedSnapshot: named };
  }

  /** The highest floor ever seen holds, also if the role now says less. */
  #checkFloor(
    repository: RepositoryId,
    product: string,
    version: Version,
    said: string | undefined,
  ): Version | undefined {
    const key = `${repository}/${product}`;
    const known = this.floors[key] ?? this.#options.before?.floors[key];
    const floor = highest(known, said);
    if (floor === undefined) return undefined;
    this.floors[key] = floor;
    if (compareVersions(version, floor as Version) >= 0) return floor as Version;
    throw new XylemError('E_BELOW_FLOOR', `${product} ${version} is below the publisher's floor ${floor}.`);
  }

  /** Once for all who ask, unless it failed. */
  #once<K, T>(made: Map<K, Promise<T>>, key: K, make: () => Promise<T>): Promise<T> {
    const known = made.get(key);
    if (known !== undefined) return known;
    const promise = make();
    made.set(key, promise);
    return promise;
  }
}

function highest(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareVersions(a as Version, b as Version) >= 0 ? a : b;
}
