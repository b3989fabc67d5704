import {
  type DesiredState,
  type Digest,
  type DomainId,
  type EnvironmentId,
  encodeDesiredState,
  type HostId,
  type HostMapEntry,
  type NewsFile,
  parseDesiredState,
  type RepositoryId,
  timeOf,
} from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import { type Repository, writeNewsFiles } from '@xylem/store';
import type { KeyPair } from '@xylem/trust';
import { readFloor } from '../backup/floors.ts';
import type { RestoredState } from '../backup/restored-state.ts';
import type { Database } from '../db/tables.ts';
import { allEnvironments, type EnvironmentRow } from '../environments/names.ts';
import type { SaidStates } from '../hosts/said-states.ts';
import { loadDirectionKeys } from '../keys/root-keys.ts';
import { newestRoot } from '../keys/root-versions.ts';
import { singleFlight } from '../publishing/single-flight.ts';
import { noteCarried } from '../quarantine/carried.ts';
import { noteDirected } from '../traffic/rows.ts';
import { type Composed, compose } from './compose.ts';
import { convergeDirection, type Published } from './converge.ts';
import { gatherForMs } from './gather.ts';
import { dropOldFiles, readHistory, remember } from './history.ts';
import { HostStates } from './host-states.ts';
import { installOf } from './install.ts';
import { newsContent, patchListsOf } from './news-content.ts';
import { pruneHostMap } from './prune-map.ts';

/** Says what hosts should run, and keeps saying it: signs, publishes and renews each environment's direction. */
export interface Directing {
  /** Publishes soon; many calls within a moment become one version (many hosts that join). */
  wake(environment: string): void;
  /** Publishes now; returns when readers can fetch what the database said at the call. */
  publish(environment: string): Promise<void>;
  /** Publishes all environments: at the start, and to renew what is about to expire. */
  publishAll(): Promise<void>;
  /** Has the news of all that read this domain name the lists of patches that are there now; nobody is woken for it. */
  tellPatches(domain: DomainId): Promise<void>;
  /** Roots of the host maps whose nodes are kept, the published one first. */
  hostMaps(environment: string): Promise<Digest[]>;
  /** The desired state that is published, or null. */
  state(environment: string): DesiredState | null;
  /** Whether anyone may have this object: it makes a machine a host (docs/spec/install.md). */
  isInstall(domain: DomainId, digest: Digest): boolean;
  /** The domains whose objects hosts of the environment may read. */
  domains(environment: string): ReadonlySet<string>;
  snapshotVersion(environment: string): number;
  /** What the host map says to a host, or undefined. */
  entry(environment: string, host: string): HostMapEntry | undefined;
  /** Those that were published. */
  environments(): readonly string[];
  /** What reports say beside what is directed to their hosts. */
  readonly saidStates: SaidStates;
  close(): Promise<void>;
}

export interface DirectingOptions {
  readonly db: Database;
  readonly folder: Repository;
  readonly clock: Clock;
  readonly log: Log;
  readonly collector: KeyPair;
  readonly keysFolder: string;
  readonly restored: RestoredState;
  /** The release repository and its current snapshot version, or null. */
  readonly release: () => { readonly repository: RepositoryId; readonly snapshotVersion: number } | null;
  readonly announce: (environment: EnvironmentId) => void;
}

const pruneEveryMs = 24 * 3600_000;

interface Known {
  state: DesiredState | null;
  domains: ReadonlySet<string>;
  /** `domain/digest` */
  install: ReadonlySet<string>;
  snapshotVersion: number;
  /** Of this state; undefined: this process has composed none. */
  entries: Composed['entries'] | undefined;
}

export function createDirecting(options: DirectingOptions): Directing {
  const { db, folder, clock, log, restored } = options;
  const known = new Map<string, Known>();
  const flights = new Map<string, () => Promise<void>>();
  const entries = new Map<string, Composed['entries']>();
  const gathering = new Set<string>();
  /** When what had been gathered was last published, by this process's clock. */
  const gathered = new Map<string, number>();
  const pruned = new Map<string, number>();
  /** Environments whose state may be another. */
  const due = new Set<string>();
  /** Environments whose news files say no longer which patches there are. */
  const restated = new Set<string>();
  const stop = new AbortController();
  const hostStates = new HostStates(db, {
    state: (id) => known.get(id)?.state ?? null,
    entries: (id) => known.get(id)?.entries,
  });

  const fly = (id: string): Promise<void> => {
    let flight = flights.get(id);
    if (flight === undefined) {
      flight = singleFlight(async () => {
        if (due.delete(id)) await direct(id);
        if (restated.delete(id)) await restate(id);
      });
      flights.set(id, flight);
    }
    return flight();
  };
  const publish = (id: string): Promise<void> => {
    due.add(id);
    return fly(id);
  };

  async function direct(id: string): Promise<void> {
    const environment = await db
      .selectFrom('environments')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    if (environment === undefined) return;
    if (restored.isRestored()) {
      // Nothing new in meaning, and no renewal either: until the difference is confirmed nobody may take this state.
      const row = await db
        .selectFrom('directions')
        .select('document')
        .where('environment', '=', id)
        .executeTakeFirst();
      if (row === undefined) return;
      await know(id, parseDesiredState(row.document), known.get(id)?.snapshotVersion ?? 0);
      await followStates(id);
      return;
    }
    const floor = await readFloor(db, id);
    const document = await decide(environment, floor.number);
    const keys = await loadDirectionKeys(options.keysFolder, id, await newestRoot(folder, id));
    const published = await convergeDirection({
      folder,
      repository: id as EnvironmentId,
      document: Buffer.from(document),
      keys,
      nowMs: clock.now(),
      atLeast: floor.version,
      beforeTimestamp: (next) => writeNews(id as EnvironmentId, document, next),
    });
    if (published.isNew) restated.delete(id);
    await know(id, parseDesiredState(document), published.snapshotVersion);
    // Also after a timestamp signed anew: it wakes only those who lack something, and the next asker gets it.
    options.announce(id as EnvironmentId);
    await followStates(id);
    if (published.isNew) {
      await dropOldFiles(db, folder, id);
      await pruneDaily(id);
    }
  }

  /** Writes the news files of what is published anew. */
  async function restate(id: string): Promise<void> {
    const [newest] = await readHistory(db, id);
    if (newest === undefined || newest.snapshotVersion !== known.get(id)?.snapshotVersion) return;
    await writeNews(id as EnvironmentId, newest.document, newest);
  }

  /** Nothing of direction hangs on it: what `xylem status` counts is behind until the next time. */
  async function followStates(id: string): Promise<void> {
    try {
      await hostStates.follow(id);
    } catch (error) {
      log.error('the states of hosts could not be counted anew', { environment: id, error });
    }
  }

  /** Inside the environment's own run, so that no node is removed while it is being named. */
  async function pruneDaily(id: string): Promise<void> {
    const last = pruned.get(id);
    pruned.set(id, last ?? clock.monotonicMs());
    if (last === undefined || clock.monotonicMs() - last < pruneEveryMs) return;
    pruned.set(id, clock.monotonicMs());
    await pruneHostMap(db, folder, id);
  }

  /** The document that should be published: the last one while it means the same, else the next number. */
  async function decide(environment: EnvironmentRow, floor: number): Promise<string> {
    const nowMs = clock.now();
    // One view of the database: halves of two moments could add up to something that nobody decided.
    const composed = await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute((trx) => compose(trx, environment.id, options.collector.public, nowMs));
    entries.set(environment.id, composed.entries);
    const before = await db
      .selectFrom('directions')
      .selectAll()
      .where('environment', '=', environment.id)
      .executeTakeFirst();
    if (before?.meaning === composed.meaning && before.number >= floor) {
      await noteDirected(db, composed.switched, before.number);
      return before.document;
    }
    // Objects first: the row below is what a restart publishes, and it must not name what is not there.
    await folder.putObjects(environment.id as unknown as DomainId, composed.hostMap.nodes);
    const number = Math.max((before?.number ?? 0) + 1, floor);
    const document = Buffer.from(encodeDesiredState(stateOf(composed, number, nowMs))).toString();
    const values = { number, meaning: composed.meaning, document };
    await db.transaction().execute(async (trx) => {
      await trx
        .insertInto('directions')
        .values({ environment: environment.id, ...values })
        .onConflict((c) => c.column('environment').doUpdateSet(values))
        .execute();
      await noteCarried(trx, environment.id, composed.lifted, number);
      await noteDirected(trx, composed.switched, number);
    });
    log.info('directed', { environment: composed.body.name, number });
    return document;
  }

  function stateOf(composed: Composed, number: number, nowMs: number): DesiredState {
    const release = options.release();
    const repositories =
      release === null || release.snapshotVersion === 0
        ? {}
        : { [release.repository]: { snapshot: release.snapshotVersion } };
    return { ...composed.body, number, issued: timeOf(nowMs), repositories };
  }

  async function writeNews(
    id: EnvironmentId,
    document: string,
    published: Omit<Published, 'isNew'>,
  ): Promise<void> {
    const { snapshotVersion, targetsVersion } = published;
    const to = { snapshotVersion, targetsVersion, document };
    const history = await readHistory(db, id);
    const lists = await patchListsOf(folder, parseDesiredState(document));
    async function* files(): AsyncIterable<NewsFile> {
      for (const from of history)
        if (from.snapshotVersion < snapshotVersion) yield await newsContent(folder, id, from, to, lists);
    }
    await writeNewsFiles(folder, id, snapshotVersion, files());
    await remember(db, id, to, parseDesiredState(document).number, clock.now());
  }

  async function know(id: string, state: DesiredState, snapshotVersion: number): Promise<void> {
    const domains = new Set([id, ...Object.values(state.products).map(({ domain }) => domain as string)]);
    const install = await installOf(db, state);
    known.set(id, { state, domains, install, snapshotVersion, entries: entries.get(id) });
  }

  const publishLogged = (id: string): Promise<void> =>
    publish(id).catch((error: unknown) =>
      log.error('direction could not be published', { environment: id, error }),
    );

  return {
    publish,
    tellPatches: async (domain) => {
      for (const [id, { domains }] of known) {
        if (!domains.has(domain)) continue;
        restated.add(id);
        await fly(id).catch((error: unknown) =>
          log.error('news of patches could not be written', { environment: id, error }),
        );
      }
    },
    hostMaps: async (id) => {
      const published = known.get(id)?.state;
      if (published == null) return [];
      const former = (await readHistory(db, id)).map(({ document }) => parseDesiredState(document));
      return [...new Set([published, ...former].map(({ hostMap }) => hostMap as Digest))];
    },
    saidStates: hostStates,
    wake: (id) => {
      if (gathering.has(id)) return;
      gathering.add(id);
      const sinceLastMs = clock.monotonicMs() - (gathered.get(id) ?? Number.NEGATIVE_INFINITY);
      void clock
        .sleep(gatherForMs(entries.get(id)?.size ?? 0, sinceLastMs), stop.signal)
        .then(() => {
          gathering.delete(id);
          gathered.set(id, clock.monotonicMs());
          return publishLogged(id);
        })
        .catch(() => gathering.delete(id));
    },
    publishAll: async () => {
      for (const { id } of await allEnvironments(db)) await publishLogged(id);
    },
    state: (id) => known.get(id)?.state ?? null,
    isInstall: (domain, digest) =>
      [...known.values()].some(({ install }) => install.has(`${domain}/${digest}`)),
    domains: (id) => known.get(id)?.domains ?? new Set([id]),
    snapshotVersion: (id) => known.get(id)?.snapshotVersion ?? 0,
    entry: (id, host) => entries.get(id)?.get(host as HostId),
    environments: () => [...known.keys()],
    close: async () => {
      stop.abort();
      await Promise.allSettled([...flights.keys()].map(publish));
    },
  };
}
