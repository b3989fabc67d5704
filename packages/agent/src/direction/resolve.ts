import {
  assignmentsFor,
  compareVersions,
  type DesiredState,
  type ErrorCode,
  type HostAssignment,
  type HostMapEntry,
  limits,
  lookUpHost,
  parseDesiredState,
  parsePackage,
  parseRelease,
  type Release,
  type RepositoryId,
  sha256,
  timeMs,
  type Version,
  XylemError,
} from '@xylem/core';
import {
  desiredStateTarget,
  type Identity,
  productRoleName,
  releaseTarget,
  repositoryForProduct,
  type TufClient,
} from '@xylem/trust';
import type { Places } from '../drivers/driver.ts';
import type { Placed } from '../slot/placed.ts';
import type { Documents } from './documents.ts';
import type { FileFetch } from './metadata-source.ts';
import { notVouched, type Platform, place, shortDigest, unmetRequirements } from './place.ts';
import type { Accepted, Held } from './wanted.ts';

export interface ResolveOptions {
  readonly identity: Identity;
  /** Of the environment's direction repository, refreshed. */
  readonly direction: TufClient;
  /** Of a release repository of the trust map; reads through the same parent. @throws XylemError E_TRUST */
  readonly releases: (repository: RepositoryId) => Promise<TufClient>;
  readonly files: FileFetch;
  readonly documents: Documents;
  readonly platform: Platform;
  readonly places: Places;
  readonly before: Accepted | null;
}

export interface Resolved {
  readonly accepted: Accepted;
  /** Something could not be had from this parent; another, or a later attempt, may have it. */
  readonly incomplete: XylemError | null;
}

/**
 * What this host should run, by the trusted desired state: each assignment is taken only if the product's role vouches
 * for its release, above the floor and not withdrawn, and the release names the package. What is not taken is held as
 * it is, with the reason.
 */
export async function resolveDirection(options: ResolveOptions): Promise<Resolved> {
  const { direction, identity, before } = options;
  const bytes = await direction.readTarget(desiredStateTarget, limits.desiredState);
  if (bytes === null) {
    throw new XylemError('E_METADATA_MISSING', 'The director vouches for no desired state.', {
      retry: 'elsewhere',
    });
  }
  const state = parseDesiredState(bytes);
  if (state.environment !== identity.environment.id) {
    throw new XylemError('E_TRUST', 'The desired state is that of another environment.');
  }
  await direction.raiseFloor(timeMs(state.issued));
  const { snapshot } = direction.state();
  const entry = await entryOf(state, options);
  const common = {
    snapshot,
    number: state.number,
    environmentName: state.name,
    purge: state.purge,
    keepPrevious: state.policy.keepPrevious,
    reportEverySeconds: state.policy.reportEverySeconds,
    collectorKey: state.collector.key,
  };
  if (entry === null || entry.retired === true) {
    return { accepted: frozen(entry, common, before), incomplete: null };
  }

  const reading = new Reading(options, state);
  const { assignments, held: pinned } = assignmentsFor(state, identity.host, entry);
  const components: Placed[] = [];
  const held: Held[] = pinned.map((component) => ({
    component,
    code: 'E_CONFLICT',
    message: `${component} is pinned for this host to a package that direction does not offer; it stays as it is.`,
  }));
  let incomplete: XylemError | null = null;
  for (const assignment of assignments) {
    try {
      components.push(await reading.placed(assignment));
    } catch (error) {
      if (!(error instanceof XylemError)) throw error;
      if (error.retry === 'elsewhere') incomplete = error;
      held.push({
        component: assignment.component,
        code: error.code,
        message: error.message.slice(0, 2_000),
      });
    }
  }
  const unmet = unmetRequirements(components);
  const isMet = ({ component }: Placed): boolean => !unmet.some((other) => other.component === component);
  const accepted: Accepted = {
    ...common,
    components: components.filter(isMet),
    held: [...held, ...unmet],
    entry,
    releases: reading.versions(),
    floors: { ...before?.floors, ...reading.floors },
  };
  return { accepted, incomplete };
}

/** Null: the map does not know this host. */
async function entryOf(
  state: DesiredState,
  { identity, files, documents }: ResolveOptions,
): Promise<HostMapEntry | null> {
  const entry = await lookUpHost(state.hostMap, identity.host, (digest) =>
    documents.get(digest, () => files(`o/${identity.environment.id}/${digest}`, limits.hostMapNode)),
  );
  return entry ?? null;
}

/** A host that direction does not know, or has retired, keeps what it has and takes nothing. */
function frozen(
  entry: HostMapEntry | null,
  common: Omit<Accepted, 'components' | 'held' | 'entry' | 'releases' | 'floors'>,
  before: Accepted | null,
): Accepted {
  const code: ErrorCode = entry === null ? 'E_NOT_FOUND' : 'E_HOST_RETIRED';
  const message =
    entry === null
      ? 'The host map does not name this host; it keeps what it has until it does.'
      : 'This host was retired; it keeps what it has and takes nothing new.';
  const names = [...(before?.components ?? []), ...(before?.held ?? [])].map(({ component }) => component);
  return {
    ...common,
    purge: [],
    components: [],
    held: [...new Set(names)].sort().map((component) => ({ component, code, message })),
    frozen: { code, message },
    entry: entry ?? before?.entry ?? { labels: {} },
    releases: before?.releases ?? {},
    floors: before?.floors ?? {},
  };
}

/** Verified reading of releases and packages for one desired state; each repository and release is read once. */
class Reading {
  readonly floors: Record<string, string> = {};
  readonly #options: ResolveOptions;
  readonly #state: DesiredState;
  readonly #repositories = new Map<RepositoryId, Promise<TufClient>>();
  readonly #releases = new Map<string, Promise<Release>>();
  readonly #clients = new Map<RepositoryId, TufClient>();

  constructor(options: ResolveOptions, state: DesiredState) {
    this.#options = options;
    this.#state = state;
  }

  versions(): Record<string, number> {
    return Object.fromEntries([...this.#clients].map(([id, client]) => [id, client.state().snapshot]));
  }

  async placed(assignment: HostAssignment): Promise<Placed> {
    const { documents, files, platform, places } = this.#options;
    const domain = this.#state.products[assignment.product]?.domain;
    const release = await this.#once(this.#releases, `${assignment.product} ${assignment.release}`, () =>
      this.#release(assignment),
    );
    const digest = assignment.package;
    const bytes = await documents.get(digest, () => files(`o/${domain}/${digest}`, limits.package));
    return place(assignment, release, parsePackage(bytes), this.#state, platform, places);
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
    this.#checkFloor(repository, product, release.version, rules.floor);
    return release;
  }

  async #refreshed(repository: RepositoryId): Promise<TufClient> {
    const client = await this.#options.releases(repository);
    const { snapshot } = await client.open();
    const named = this.#state.repositories[repository]?.snapshot;
    // docs/spec/direction.md: who holds what direction names need not ask for a newer timestamp.
    if (named === undefined || snapshot < named) await client.refresh(this.#freshness(repository));
    this.#clients.set(repository, client);
    return client;
  }

  #freshness(repository: RepositoryId): { vouchedSnapshot?: number } {
    const named = this.#state.repositories[repository]?.snapshot;
    return named === undefined ? {} : { vouchedSnapshot: named };
  }

  /** The highest floor ever seen holds, also if the role now says less. */
  #checkFloor(repository: RepositoryId, product: string, version: Version, said: string | undefined): void {
    const key = `${repository}/${product}`;
    const known = this.floors[key] ?? this.#options.before?.floors[key];
    const floor = highest(known, said);
    if (floor === undefined) return;
    this.floors[key] = floor;
    if (compareVersions(version, floor as Version) >= 0) return;
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
