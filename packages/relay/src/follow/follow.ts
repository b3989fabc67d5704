import { mkdir } from 'node:fs/promises';
import type { DesiredState, Digest, DomainId, EnvironmentId, RepositoryId } from '@xylem/core';
import { fromB64u } from '@xylem/core';
import { type Clock, Gate, type HttpClient, type Log, type Randomness } from '@xylem/platform';
import {
  createMirror,
  type HostMapFileId,
  HostMapFiles,
  type NewsHub,
  type Repository,
  removeStalePartials,
  type SourceChoice,
} from '@xylem/store';
import type { Identity } from '@xylem/trust';
import type { Faults } from '../faults.ts';
import { servingScope } from '../identity.ts';
import type { RelayTiming } from '../options.ts';
import type { Scopes } from '../serve/rights.ts';
import type { Site } from '../siblings/site.ts';
import type { RelayLayout } from '../state/layout.ts';
import type { RevokedHosts } from '../state/revoked.ts';
import type { Neighbours } from '../upstream/neighbours.ts';
import type { OwnParents } from '../upstream/own-parents.ts';
import type { RootContact } from '../upstream/root-contact.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { EnvironmentCopy } from './environment-copy.ts';
import { firstRoot } from './first-root.ts';
import { Flights } from './flights.ts';
import { Followed } from './followed.ts';
import { Follower } from './follower.ts';
import { isDamage, OwnCopy } from './own-copy.ts';
import { ReleaseCopies } from './release-copies.ts';
import { removeUnreferenced } from './retention.ts';
import { SecondLooks } from './second-looks.ts';
import { ServedFiles } from './served.ts';
import { TufCopy } from './tuf-copy.ts';
import { Worker } from './worker.ts';

export interface FollowOptions {
  readonly layout: RelayLayout;
  readonly identity: () => Identity;
  readonly repository: Repository;
  readonly hub: NewsHub;
  readonly http: HttpClient;
  readonly upstream: Upstream;
  readonly contact: RootContact;
  /** Where objects come from. */
  readonly objects: SourceChoice;
  readonly site: Site;
  readonly ownParents: OwnParents;
  readonly neighbours: Neighbours;
  readonly faults: Faults;
  readonly revoked: RevokedHosts;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly timing: RelayTiming;
  readonly signal: AbortSignal;
}

/** The relay's loop: what children ask for, compared with what the parent has, fetched, and only then shown. */
export interface Follow {
  /** Runs until the signal. */
  run(): Promise<void>;
  asked(environments: readonly EnvironmentId[]): void;
  /** Asks the first parent now, whoever holds a question. */
  askAgain(): void;
  readonly scopes: Scopes;
  /** Whether an object is for machines that are no hosts yet. */
  isInstall(domain: DomainId, digest: Digest): boolean;
  workers(): ReadonlyMap<EnvironmentId, Worker>;
  /** Raw keys by which watermarks are believed. */
  collectorKeys(): Uint8Array[];
  readonly flights: Flights;
  /** Begins to fetch a patch that a list here names and that is not here. */
  bringPatch(domain: DomainId, path: string): Promise<void>;
  /** Makes a file of host map nodes that children may be given. */
  makeHostMap(asked: HostMapFileId): Promise<void>;
  /** What lies on this relay's disk, for children who doubt it. */
  readonly ownCopy: OwnCopy;
  close(): Promise<void>;
}

/** Opens what was followed before; nothing is asked for until `run`. */
export async function openFollow(options: FollowOptions): Promise<Follow> {
  const { layout, identity, repository, upstream, clock, log, timing, signal, faults, randomness } = options;
  await mkdir(layout.roots, { recursive: true });
  const files = new ServedFiles(layout.served, log);
  const flights = new Flights(createMirror(repository, clock), options.objects, options.http, clock);
  const hostMapFiles = new HostMapFiles(repository);
  const gate = new Gate();
  const tufCopies = new Map<RepositoryId, Promise<TufCopy>>();
  const copyOf = (id: RepositoryId): Promise<TufCopy> => {
    const known = tufCopies.get(id);
    if (known !== undefined) return known;
    const opened = openTufCopy(options, id);
    tufCopies.set(id, opened);
    opened.catch(() => tufCopies.delete(id));
    return opened;
  };
  const allStates = (): DesiredState[] =>
    [...follower.workers.values()].flatMap(({ copy }) => copy.states.slice(0, 2));
  const releases = new ReleaseCopies({ copyOf, allStates, signal });
  const pruning = pruneLater(
    options,
    gate,
    () => follower.workers,
    () => void look(() => true),
  );
  const openWorker = async (id: EnvironmentId): Promise<Worker> => {
    const onServed = (state: DesiredState): void => {
      void options.ownParents.learn(state);
      pruning.soon();
    };
    const { hub } = options;
    const copy = new EnvironmentCopy({
      id,
      copyOf,
      releases,
      repository,
      flights,
      files,
      upstream,
      hub,
      clock,
      log,
      timing,
      onAccepted: (state) => options.revoked.learn(state),
      onHostMap: (state) => options.site.learn(state),
      onServed,
    });
    await copy.open();
    const [current] = copy.states;
    if (current !== undefined) {
      await options.revoked.learn(current);
      await options.ownParents.learn(current);
    }
    return new Worker({
      copy,
      faults,
      clock,
      randomness,
      log,
      timing,
      enter: () => gate.enter(),
      onFalseNews: (parent) => upstream.leave(parent),
      onCursorBack: () => follower.askAgain(),
    });
  };
  const follower = new Follower({
    followed: await Followed.open({
      path: layout.followed,
      own: identity().environment.id as EnvironmentId,
      followMs: timing.followMs,
      isServed: (id) => (follower.workers.get(id)?.copy.snapshot ?? 0) > 0,
      clock,
      log,
    }),
    isInScope: servingScope(identity),
    openWorker,
    onDropped: async (environments) => {
      for (const id of environments) {
        await repository.removeFile(`r/${id}/metadata/timestamp.json`);
        await files.remove(id);
        tufCopies.delete(id as string as RepositoryId);
        options.hub.announce(id);
      }
      pruning.soon();
    },
    http: options.http,
    upstream,
    contact: options.contact,
    clock,
    randomness,
    log,
    timing,
    signal,
    onFault: (error) => {
      faults.set('news', error);
      options.neighbours.forgetWhen();
    },
    onAnswered: () => faults.clear('news'),
    onFull: (fault) => (fault === null ? faults.clear('full') : faults.set('full', fault)),
    onAsks: (parent) => {
      const learning = options.neighbours.learn(parent, signal).then((isRight) => {
        if (!isRight) follower.askAgain();
      });
      options.site.asking(learning);
    },
  });
  await follower.open();
  const ownCopy = new OwnCopy({
    repository,
    clock,
    log,
    onDamaged: (domain) => void look((worker) => worker.copy.scope.domains.has(domain)),
  });
  /** One after the other: all is read, and there may be many. */
  const look = async (isMeant: (worker: Worker) => boolean): Promise<void> => {
    for (const worker of follower.workers.values()) if (isMeant(worker)) await worker.look();
    pruning.soon();
  };
  /** The disk may have lost what the record says, or somebody removed what was damaged there. */
  const lookNowAndThen = async (): Promise<void> => {
    while (!signal.aborted) {
      await look(() => true);
      const pauseMs = timing.diskLookMs * (0.5 + randomness.fraction());
      await clock.sleep(pauseMs, signal).catch(() => undefined);
    }
  };
  const looks = new SecondLooks({
    upstream,
    workers: () => follower.workers,
    clock,
    randomness,
    log,
    timing,
    signal,
    onBehind: (fault) => {
      if (fault === null) faults.clear('behind');
      else faults.set('behind', fault);
    },
  });
  // A crash between a change and its pruning leaves what nothing refers to.
  pruning.soon();
  return {
    run: async () => {
      await Promise.all([follower.run(), looks.run(), options.contact.watch(signal), lookNowAndThen()]);
    },
    asked: (environments) => follower.asked(environments),
    askAgain: () => follower.askAgain(),
    scopes: {
      get: (environment) => follower.workers.get(environment)?.copy.scope,
      environments: () => follower.workers.keys(),
    },
    isInstall: (domain, digest) =>
      [...follower.workers.values()].some(({ copy }) => copy.isInstall(domain, digest)),
    workers: () => follower.workers,
    collectorKeys: () => {
      const keys = allStates().map(({ collector }) => collector.key);
      return [...new Set(keys)].map((key) => fromB64u(key));
    },
    flights,
    bringPatch: async (domain, path) => {
      const digest = path.slice(path.lastIndexOf('/') + 1) as Digest;
      if (path !== `o/${domain}/${digest}`) return;
      const copies = [...follower.workers.values()].map(({ copy }) => copy);
      const sizeBytes = copies
        .map((copy) => copy.patchBytes(domain, digest))
        .find((bytes) => bytes !== undefined);
      if (sizeBytes === undefined || (await repository.objectSize(domain, digest)) === sizeBytes) return;
      flights.object(domain, digest, sizeBytes, { signal, isBackground: false }).catch((error: unknown) => {
        if (signal.aborted) return;
        log.warn('patch not fetched', { domain, digest, error });
        for (const copy of copies) copy.forgetPatch(domain, digest);
      });
    },
    makeHostMap: async (asked) => {
      const copy = follower.workers.get(asked.environment)?.copy;
      if (copy !== undefined) await hostMapFiles.make(asked, copy.hostMaps());
    },
    ownCopy,
    close: () => follower.close(),
  };
}

async function openTufCopy(options: FollowOptions, id: RepositoryId): Promise<TufCopy> {
  const { layout, identity, upstream, repository, clock, log, signal } = options;
  const { trustMap } = identity();
  const pinnedRoot = await firstRoot({ id, trustMap, folder: layout.roots, upstream, clock, signal });
  const copy = new TufCopy({
    id,
    pinnedRoot,
    trustFolder: layout.trust,
    repository,
    upstream,
    clock,
    log,
    signal,
  });
  await copy.client.open();
  return copy;
}

/** A partial object that nobody went on with for so long belongs to a state that is gone. */
const partialsKeptMs = 24 * 3_600_000;

/** Removes what nothing refers to, once, a grace after the first change; later while updates run. */
function pruneLater(
  { repository, clock, timing, log, signal, faults }: FollowOptions,
  gate: Gate,
  workers: () => ReadonlyMap<EnvironmentId, Worker>,
  onDamage: () => void,
): { soon(): void } {
  let isDue = false;
  const prune = async (): Promise<void> => {
    const environments = [...workers().values()].map(({ copy }) => ({
      environment: copy.id,
      states: copy.states,
      history: copy.served.history,
      nodes: copy.nodes,
    }));
    const { removed, freedBytes } = await removeUnreferenced(repository, environments);
    await removeStalePartials(repository, clock.now() - timing.pruneGraceMs - partialsKeptMs);
    if (removed > 0) log.info('removed what nothing refers to', { removed, freedBytes });
  };
  const later = async (): Promise<void> => {
    do await clock.sleep(timing.pruneGraceMs, signal);
    while (!(await gate.tryAlone(prune)));
    faults.clear('prune');
  };
  return {
    soon: () => {
      if (isDue) return;
      isDue = true;
      later()
        .catch((error: unknown) => {
          if (signal.aborted) return;
          faults.set('prune', error);
          log.warn('pruning failed', { error });
          isDue = false;
          if (isDamage(error)) onDamage();
        })
        .finally(() => {
          isDue = false;
        });
    },
  };
}

/** Waits until a file of this domain is there, as long as something of the domain is on its way, at most `mostMs`. */
export async function arriving(
  {
    flights,
    repository,
    clock,
    mostMs,
  }: { flights: Flights; repository: Repository; clock: Clock; mostMs: number },
  domain: DomainId,
  path: string,
): Promise<void> {
  const end = clock.monotonicMs() + mostMs;
  while (flights.isBusy(domain)) {
    if ((await repository.readFile(path, 0).catch(() => true)) !== null) return;
    const left = end - clock.monotonicMs();
    if (left <= 0) return;
    const stop = new AbortController();
    await Promise.race([flights.oneEnded(domain), clock.sleep(left, stop.signal).catch(() => undefined)]);
    stop.abort();
  }
}
