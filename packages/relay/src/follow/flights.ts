import type { Digest, DomainId, PatchList } from '@xylem/core';
import type { Clock, HttpClient } from '@xylem/platform';
import {
  askToVerify,
  type HostMapFileId,
  type Mirror,
  patchListPath,
  type Refused,
  readHostMapFile,
  readPatchListFrom,
  type SourceChoice,
} from '@xylem/store';

export interface FlightFor {
  readonly signal: AbortSignal;
  /** Nobody waits for it: parents give others what they want first. */
  readonly isBackground: boolean;
}

/**
 * What is being fetched right now, for children who ask for it meanwhile: they wait for that flight instead of being
 * told that there is no such object.
 */
export class Flights {
  readonly #mirror: Mirror;
  readonly #source: SourceChoice;
  readonly #running = new Map<DomainId, Set<Promise<unknown>>>();
  readonly #http: HttpClient;
  readonly #clock: Clock;
  #refused = 0;

  constructor(mirror: Mirror, source: SourceChoice, http: HttpClient, clock: Clock) {
    this.#mirror = mirror;
    this.#source = source;
    this.#http = http;
    this.#clock = clock;
  }

  /** Objects that parents gave and that were thrown away, since the start. */
  get refused(): number {
    return this.#refused;
  }

  async object(domain: DomainId, digest: Digest, maxBytes: number, asked: FlightFor): Promise<void> {
    await this.#fly(domain, this.#mirror.object(domain, digest, { ...this.#how(asked), maxBytes }));
  }

  /** A tree's offer and packs. */
  async tree(domain: DomainId, tree: Digest, asked: FlightFor): Promise<void> {
    await this.#fly(domain, this.#mirror.tree(domain, tree, this.#how(asked)));
  }

  /** Which patches lead to a tree, as a parent says; null: it has no list. */
  async patchList(domain: DomainId, tree: Digest, { signal }: FlightFor): Promise<PatchList | null> {
    const read = await this.#source.attempt(
      patchListPath(domain, tree),
      (source) => readPatchListFrom(source, domain, tree, signal),
      signal,
    );
    return read?.list ?? null;
  }

  /** Nodes of an environment's host map in one file; null: none of the parents has it. */
  async hostMap(
    asked: HostMapFileId,
    { signal }: FlightFor,
  ): Promise<ReadonlyMap<Digest, Uint8Array> | null> {
    const inTime = { clock: this.#clock, signal };
    return await this.#source.attempt('news', (source) => readHostMapFile(source, asked, inTime), signal);
  }

  /** Whether anything of this domain is under way. */
  isBusy(domain: DomainId): boolean {
    return this.#running.has(domain);
  }

  /** When the next flight of this domain has ended, however. */
  async oneEnded(domain: DomainId): Promise<void> {
    const running = this.#running.get(domain);
    if (running !== undefined)
      await Promise.race([...running].map((flight) => flight.catch(() => undefined)));
  }

  #how({ signal, isBackground }: FlightFor) {
    return {
      source: this.#source,
      isBackground,
      signal,
      onRefused: (refused: Refused) => {
        this.#refused += 1;
        void askToVerify(this.#http, refused, signal);
      },
    };
  }

  async #fly(domain: DomainId, flight: Promise<unknown>): Promise<void> {
    const running = this.#running.get(domain) ?? new Set();
    this.#running.set(domain, running.add(flight));
    try {
      await flight;
    } finally {
      running.delete(flight);
      if (running.size === 0) this.#running.delete(domain);
    }
  }
}
