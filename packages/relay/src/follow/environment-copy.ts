import {
  type DesiredState,
  type Digest,
  type DomainId,
  type EnvironmentId,
  type ErrorCode,
  limits,
  parseDesiredState,
  type RepositoryId,
  XylemError,
} from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import { type NewsHub, type Repository, readNewsFile } from '@xylem/store';
import { desiredStateTarget, readTimestamp, type TufClient } from '@xylem/trust';
import type { RelayTiming } from '../options.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { Ahead } from './ahead.ts';
import { type Closure, fetchClosure } from './closure.ts';
import type { Flights } from './flights.ts';
import { HostMapNodes } from './host-map-nodes.ts';
import { nextRoots, withVersion, writeNews } from './make-news.ts';
import { NewsPieces, noPieces } from './news-pieces.ts';
import type { Patches } from './patches.ts';
import type { ReleaseCopies } from './release-copies.ts';
import { type Scope, scopeOf } from './scope.ts';
import { nothingServed, type Served, type ServedFiles } from './served.ts';
import type { TufCopy } from './tuf-copy.ts';

export interface EnvironmentCopyOptions {
  readonly id: EnvironmentId;
  readonly copyOf: (id: RepositoryId) => Promise<TufCopy>;
  readonly releases: ReleaseCopies;
  readonly repository: Repository;
  readonly flights: Flights;
  readonly files: ServedFiles;
  readonly upstream: Upstream;
  readonly hub: NewsHub;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: RelayTiming;
  /** Called with each verified state, before anything that it leads to is fetched. */
  readonly onAccepted: (state: DesiredState) => Promise<void>;
  /** Called with a verified state whose host map is here. */
  readonly onHostMap: (state: DesiredState) => void;
  /** Called with what children are given from now on. */
  readonly onServed: (state: DesiredState) => void;
}

const nothingShown = { snapshotVersion: 0, issuedMs: null };

/** What the news said, where it came from news. */
export interface Tip {
  readonly snapshot: number;
  readonly timestamp: Uint8Array;
  /** The parent who said it. */
  readonly from: string;
}

/**
 * This relay's copy of one environment: verified, whole, and only then shown to children.
 *
 * Invariant: at any moment, also after SIGKILL, all that the served `timestamp.json` leads to is here. What is
 * written goes in the order objects, release targets and metadata, direction metadata, record, timestamp.
 */
export class EnvironmentCopy {
  readonly id: EnvironmentId;
  readonly nodes = new HostMapNodes();
  readonly #options: EnvironmentCopyOptions;
  readonly #ahead: Ahead;
  #served: Served = nothingServed;
  /** Of the host map that is served; null: not known since this start. */
  #servedNodes: ReadonlySet<Digest> | null = null;
  /** The verified desired state whose closure is being fetched. */
  #pending: DesiredState | null = null;
  #scope: Scope;
  #issuedMs = 0;
  /** `domain/digest` of what is here for machines that are no hosts yet, by the number of the state that leads to it. */
  readonly #install = new Map<number, ReadonlySet<string>>();

  /** By the number of the state whose trees they lead to. */
  readonly #patches = new Map<number, Patches>();

  constructor(options: EnvironmentCopyOptions) {
    this.id = options.id;
    this.#options = options;
    this.#ahead = new Ahead(options.clock);
    this.#scope = scopeOf(options.id, []);
  }

  /** Reads what was served before this start. */
  async open(): Promise<void> {
    const { files, repository } = this.#options;
    const served = await files.read(this.id);
    // The record is written before the timestamp: without that, children were given the state before.
    const shown = await repository.readFile(`r/${this.id}/metadata/timestamp.json`, limits.timestamp);
    const { snapshotVersion, issuedMs } = shown === null ? nothingShown : readTimestamp(shown);
    const isKnown = served.history.some(({ snapshot }) => snapshot === snapshotVersion);
    this.#served = { ...served, snapshot: isKnown ? snapshotVersion : 0 };
    this.#issuedMs = issuedMs ?? 0;
    this.#rescope();
  }

  get snapshot(): number {
    return this.#served.snapshot;
  }

  get served(): Served {
    return this.#served;
  }

  get scope(): Scope {
    return this.#scope;
  }

  /** All desired states whose objects must stay. */
  get states(): readonly DesiredState[] {
    return this.#pending === null ? this.#served.states : [this.#pending, ...this.#served.states];
  }

  /** Roots of the host maps whose nodes are all here, the one that is served first. */
  hostMaps(): Digest[] {
    return this.snapshot === 0 ? [] : this.#served.states.map(({ hostMap }) => hostMap as Digest);
  }

  /** Whether anyone may have this object: it makes a machine a host, and is signed like all else. */
  isInstall(domain: DomainId, digest: Digest): boolean {
    return this.#served.states.some(({ number }) => this.#install.get(number)?.has(`${domain}/${digest}`));
  }

  /** The length of a patch to what is served, in bytes; undefined: no list names it. */
  patchBytes(domain: DomainId, digest: Digest): number | undefined {
    for (const { sizes } of this.#patches.values()) {
      const sizeBytes = sizes.get(`${domain}/${digest}`);
      if (sizeBytes !== undefined) return sizeBytes;
    }
    return undefined;
  }

  /** It can't be had: no child has it asked for again before the next change. */
  forgetPatch(domain: DomainId, digest: Digest): void {
    for (const [number, { lists, sizes }] of this.#patches) {
      const left = new Map(sizes);
      if (left.delete(`${domain}/${digest}`)) this.#patches.set(number, { lists, sizes: left });
    }
  }

  /** When the served timestamp was signed, milliseconds; 0: not known. */
  get issuedMs(): number {
    return this.#issuedMs;
  }

  /**
   * Takes what is newest, fetches what it leads to, and shows it to children.
   * @param tip what the news brought; without it the parents are asked for the timestamp
   * @returns E_PARENT_STALE where what was taken is of parents that are all stale
   * @throws XylemError the fault; the former state is served on
   */
  async update(tip: Tip | null, signal: AbortSignal): Promise<XylemError | null> {
    const { copyOf, upstream, clock, timing } = this.#options;
    const copy = await copyOf(this.id as string as RepositoryId);
    const pieces = tip === null ? noPieces : await this.#news(tip.snapshot, signal);
    let triedAll = false;
    const found: { stale: XylemError | null } = { stale: null };
    const refresh = async (from: NewsPieces): Promise<DesiredState> =>
      await copy.attempt(async (client) => {
        await (tip === null ? client.refresh() : refreshTo(client, tip));
        const target = await copy.readTarget(client, desiredStateTarget, limits.desiredState);
        if (target === null) throw new XylemError('E_METADATA_MISSING', `${this.id} has no desired state.`);
        const ageMs = clock.now() - (await copy.issuedMs());
        found.stale = ageMs <= timing.parentStaleMs ? null : staleParent(upstream.current, ageMs);
        // A stale parent is left for another; when all are stale the newest of what they have is taken.
        if (found.stale !== null && !triedAll) throw found.stale;
        copy.keepTargets(new Set([target.filePath]));
        return parseDesiredState(target.bytes);
      }, from);
    const state = await refresh(pieces).catch(async (error: unknown) => {
      signal.throwIfAborted();
      const wasStale = found.stale !== null && error instanceof XylemError && error.code === 'E_PARENT_STALE';
      if (!wasStale && pieces === noPieces) throw error;
      triedAll = wasStale;
      return await refresh(noPieces);
    });
    if (state.environment !== this.id) {
      throw new XylemError(
        'E_METADATA_INVALID',
        `The desired state of ${this.id} is that of another environment.`,
      );
    }
    await this.#options.onAccepted(state);
    if (copy.client.state().snapshot === this.snapshot) await this.#renew(copy, state, signal);
    else await this.#take(copy, state, pieces, signal);
    this.#issuedMs = await copy.issuedMs();
    return found.stale;
  }

  /** Looks whether all that is served is really here, and fetches what the disk has lost. */
  async look(signal: AbortSignal): Promise<void> {
    const [state, ...former] = this.#served.states;
    if (state === undefined || this.snapshot === 0) return;
    await this.#complete(state, 0, null, signal);
    await this.#options.releases.publish(state);
    for (const one of former) {
      // It is for a way back only, and the parents may have it no more.
      await this.#complete(one, 0, null, signal, true).catch((error: unknown) => {
        signal.throwIfAborted();
        this.#options.log.warn('former state is not whole', { environment: this.id, error });
      });
    }
  }

  /** The same content under a new timestamp: passes on without waking anyone. */
  async #renew(copy: TufCopy, state: DesiredState, signal: AbortSignal): Promise<void> {
    const { releases, clock, timing, hub } = this.#options;
    await this.#complete(state, clock.now() - timing.timestampOldMs, null, signal);
    await releases.publish(state);
    await copy.publish();
    hub.announce(this.id);
  }

  /**
   * Fetches what `state` leads to and is not here.
   * @param anew as for ReleaseCopies.take
   * @param pieces what the news of a change brought; null: there is no change, and all that is here is read again
   * @param isBackground nobody waits for it
   */
  async #complete(
    state: DesiredState,
    anew: number,
    pieces: NewsPieces | null,
    signal: AbortSignal,
    isBackground = false,
  ): Promise<Closure> {
    const { releases, repository, flights, onHostMap, log } = this.#options;
    const { nodes } = this;
    const vouched = await releases.take(state, anew, pieces ?? noPieces);
    const [formerHostMap = null] = this.hostMaps();
    const here = { repository, nodes, formerHostMap, flights, onHostMap, log };
    const closure = await fetchClosure({ ...here, state, vouched, pieces, signal, isBackground });
    const numbers = new Set([state, ...this.states].map(({ number }) => number));
    for (const number of this.#install.keys()) if (!numbers.has(number)) this.#install.delete(number);
    this.#install.set(state.number, new Set(closure.install.map((one) => `${one.domain}/${one.digest}`)));
    for (const number of this.#patches.keys()) if (!numbers.has(number)) this.#patches.delete(number);
    this.#patches.set(state.number, closure.patches);
    return closure;
  }

  async #take(copy: TufCopy, state: DesiredState, pieces: NewsPieces, signal: AbortSignal): Promise<void> {
    const { releases, repository, files, hub, clock, timing, log } = this.#options;
    this.#pending = state;
    this.#rescope();
    const anew = clock.now() - timing.timestampOldMs;
    const states = [state, ...this.#served.states];
    const closure = await this.#ahead.fetch(states, signal, (over, isBackground) =>
      this.#complete(state, anew, pieces, over, isBackground),
    );
    signal.throwIfAborted();
    const releasePaths = await releases.publish(state);
    const { snapshot } = copy.client.state();
    await copy.publish(async (paths) => {
      const all = [...paths, ...releasePaths, ...packagePaths(closure)];
      const nodes = { now: closure.hostMapNodes, before: this.#servedNodes };
      const history = withVersion(this.#served, snapshot, all, nodes);
      const former = this.#served.states.filter(({ number }) => number !== state.number).slice(0, 1);
      const next: Served = { snapshot, states: [state, ...former], history };
      await files.write(this.id, next);
      await writeNews(repository, this.id, history, {
        absent: nextRoots(all),
        always: closure.patches.lists,
      }).catch((error: unknown) => log.warn('news file not written', { environment: this.id, error }));
      this.#served = { ...next, snapshot: this.#served.snapshot };
    });
    this.#served = { ...this.#served, snapshot };
    this.#servedNodes = new Set(closure.hostMapNodes);
    this.#pending = null;
    this.#rescope();
    hub.announce(this.id);
    log.info('serves new state', { environment: this.id, snapshot, number: state.number });
    this.#options.onServed(state);
  }

  async #news(to: number, signal: AbortSignal): Promise<NewsPieces> {
    const { clock } = this.#options;
    const from = this.snapshot;
    if (from === 0 || from >= to) return noPieces;
    try {
      const ask = this.#options.upstream.attempt(
        'news',
        (source) => readNewsFile(source, this.id, from, to, { clock, signal }),
        signal,
      );
      return new NewsPieces(await ask);
    } catch (error) {
      signal.throwIfAborted();
      this.#options.log.warn('news file not read', { environment: this.id, error });
      return noPieces;
    }
  }

  #rescope(): void {
    this.#scope = scopeOf(this.id, this.states);
  }
}

const falseWords: ReadonlySet<ErrorCode> = new Set([
  'E_METADATA_INVALID',
  'E_METADATA_ROLLBACK',
  'E_METADATA_SIGNATURE',
]);

/** Whether a fault says that the news of a parent were not true. */
export function isFalseWord(error: unknown): boolean {
  return error instanceof XylemError && falseWords.has(error.code);
}

/** What is wrong with the news of one parent is no other parent's fault: no other is tried with it. */
async function refreshTo(client: TufClient, tip: Tip): Promise<void> {
  try {
    await client.refresh({ knownTimestamp: tip.timestamp });
  } catch (error) {
    if (!(error instanceof XylemError) || !isFalseWord(error)) throw error;
    throw new XylemError(error.code, `The news of ${tip.from}: ${error.message}`, {
      cause: error,
      retry: 'later',
    });
  }
}

const packagePaths = ({ packages }: Closure): string[] =>
  packages.map(({ domain, digest }) => `o/${domain}/${digest}`);

function staleParent(parent: string | null, ageMs: number): XylemError {
  const hours = Math.floor(ageMs / 3_600_000);
  return new XylemError(
    'E_PARENT_STALE',
    `${parent ?? 'The parent'} has no timestamp newer than ${hours} hours.`,
  );
}
