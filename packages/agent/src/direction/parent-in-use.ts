import { formatNewsCursor, toB64u, XylemError } from '@xylem/core';
import type { ObjectSource } from '@xylem/store';
import type { Identity } from '@xylem/trust';
import type { AgentTiming } from '../options.ts';
import type { AsksParents } from '../parents/parents.ts';
import { askNews, askParents } from '../parents/requests.ts';
import type { Behind } from './behind.ts';
import type { Announced, Refresher } from './refresh.ts';
import { askTimestamp, type SeenTimestamp } from './timestamp.ts';

export interface ParentInUseOptions extends AsksParents {
  readonly identity: Identity;
  readonly refresher: Refresher;
  readonly timing: AgentTiming;
  readonly behind: Behind;
}

/** Each parent is asked for its neighbours at most so often. */
const learnAgainMs = 3_600_000;

/** The parent that this host follows: what it shows is taken, and what it has shown is known. */
export class ParentInUse {
  readonly #options: ParentInUseOptions;
  readonly #etags = new Map<string, string>();
  readonly #askedParentsAtMs = new Map<string, number>();
  /** The parent whose timestamp was looked at since it became ours: only then does its silence say anything. */
  #vetted: string | null = null;
  #shown = 0;

  constructor(options: ParentInUseOptions) {
    this.#options = options;
  }

  /** The newest snapshot that it has shown. */
  shown(): number {
    return this.#shown;
  }

  isVetted(source: ObjectSource): boolean {
    return source.name === this.#vetted;
  }

  /**
   * Takes what a parent has, whatever it announces. One that is behind what this host accepted is no liar: its news
   * will come. One without our environment is left.
   */
  async vet(source: ObjectSource): Promise<void> {
    if (this.#options.parents.fullness.isDue(source.name)) await this.#requireRoom(source.name);
    const { snapshot } = await this.through(source);
    this.#options.behind.require(source.name, snapshot);
    await this.useNow(source, snapshot);
  }

  /** @throws XylemError E_PARENT_FULL: it is still full, and the one in use stays so */
  async #requireRoom(url: string): Promise<void> {
    const { parents, identity, timing, signal } = this.#options;
    // No host is at version 0: this is not held.
    const question = { cursor: formatNewsCursor(new Map([[identity.environment.id, 0]])), isFull: false };
    const news = await askNews(this.#options, url, question, timing.timestampMs, signal);
    parents.fullness.said(url, news?.fullForMs);
    const fault = parents.fullness.fault([url]);
    if (fault !== null) throw fault;
  }

  /** Takes what this parent has, and says what it shows. */
  async through(source: ObjectSource): Promise<{ readonly snapshot: number }> {
    const { refresher } = this.#options;
    const found = await this.#timestamp(source);
    if (found === null) throw new XylemError('E_PARENT_STALE', `${source.name} shows nothing.`);
    const { bytes, version, snapshot } = found;
    const isBehind = version < refresher.timestamp();
    const announced = { snapshot, timestamp: toB64u(bytes) };
    await this.#elsewhere(() => refresher.through(source, isBehind ? 'behind' : announced));
    return found;
  }

  /** From now on this is the parent. */
  async useNow(source: ObjectSource, shown: number): Promise<void> {
    this.#vetted = source.name;
    this.#show(shown);
    this.#options.parents.use(source.name);
    await this.#learn(source.name);
  }

  /** @throws XylemError what is missing of what was accepted: another parent may have it */
  requireWhole(): void {
    const incomplete = this.#options.refresher.incomplete();
    if (incomplete !== null) throw incomplete;
  }

  async take(source: ObjectSource, announced: Announced): Promise<void> {
    await this.#elsewhere(() => this.#options.refresher.through(source, announced));
    this.requireWhole();
    this.#show(announced.snapshot);
    await this.#learn(source.name);
  }

  /** @param isAnew also where the timestamp is the one of before */
  async poll(source: ObjectSource, isAnew = false): Promise<void> {
    if (source.name !== this.#vetted) {
      await this.vet(source);
      return;
    }
    const found = await this.#timestamp(source, isAnew ? undefined : this.#etags.get(source.name));
    if (found === null) return;
    const { bytes, etag, version, snapshot } = found;
    if (version > this.#options.refresher.timestamp())
      await this.take(source, { snapshot, timestamp: toB64u(bytes) });
    else this.#show(snapshot);
    // Only now: what broke off on the way is asked for again at the next poll.
    if (etag !== undefined) this.#etags.set(source.name, etag);
  }

  /** No more than this host holds verified is believed to be shown. */
  #show(snapshot: number): void {
    this.#shown = Math.min(snapshot, this.#options.refresher.snapshot());
  }

  /** Null: still the one of that ETag. */
  async #timestamp(source: ObjectSource, etag?: string): Promise<SeenTimestamp | null> {
    const { identity, clock, signal, timing } = this.#options;
    return await askTimestamp(source, identity.environment.id, {
      etag,
      timeoutMs: timing.timestampMs,
      clock,
      signal,
    });
  }

  /** Metadata that this parent gives wrong, or only old, another may give right. */
  async #elsewhere(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof XylemError)) throw error;
      const { code, message } = error;
      if (code === 'E_METADATA_EXPIRED')
        throw new XylemError(code, message, { cause: error, retry: 'elsewhere' });
      // Not whole yet, or turned back since it was looked at: left for a moment, as one that lags.
      const lags =
        code === 'E_METADATA_MISSING' || code === 'E_METADATA_ROLLBACK' || code === 'E_OBJECT_MISSING';
      throw lags ? new XylemError('E_PARENT_STALE', message, { cause: error, retry: 'elsewhere' }) : error;
    }
  }

  /** Once an hour for each parent; a plain web server has no such list. */
  async #learn(url: string): Promise<void> {
    const { clock, timing, parents, signal, log } = this.#options;
    const askedAtMs = this.#askedParentsAtMs.get(url);
    if (askedAtMs !== undefined && clock.monotonicMs() - askedAtMs < learnAgainMs) return;
    this.#askedParentsAtMs.set(url, clock.monotonicMs());
    try {
      const learned = await askParents(this.#options, url, timing.timestampMs, signal);
      if (learned !== null) parents.learn(url, learned);
    } catch (cause) {
      log.warn('parents not learned', { parent: url, cause });
    }
  }
}
