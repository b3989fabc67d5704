import { formatNewsCursor, lifetimes, limits, toB64u, XylemError } from '@xylem/core';
import { type ObjectSource, unlessBetter } from '@xylem/store';
import type { Identity } from '@xylem/trust';
import { codedFault } from '../converge/faults.ts';
import type { AgentTiming } from '../options.ts';
import type { AsksParents } from '../parents/parents.ts';
import { askNews, askParents, bodyOf, within } from '../parents/requests.ts';
import type { Announced, Refresher } from './refresh.ts';

export interface FollowOptions extends AsksParents {
  readonly identity: Identity;
  readonly refresher: Refresher;
  readonly timing: AgentTiming;
  /** What keeps direction from being followed, null when nothing does. */
  readonly onFault: (fault: XylemError | null) => void;
}

/** A parent that could not hold news is asked for it again after so long. */
const askNewsAgainMs = 3_600_000;
/** A timestamp that is due is asked for at most so often. */
const renewalPauseMs = 1_800_000;

/** Follows the direction of this host's environment through its parents until the signal ends it. */
export async function followDirection(options: FollowOptions): Promise<void> {
  const { clock, randomness, timing, signal, refresher, parents, onFault } = options;
  const follower = new Follower(options);
  let failures = 0;
  let isDue = true;
  while (!signal.aborted) {
    try {
      if (isDue || follower.isRenewalDue()) await follower.refreshThroughAny();
      else await follower.waitForNews();
      isDue = refresher.incomplete() !== null;
      const stale = follower.staleness(parents.current()?.url ?? null);
      onFault(refresher.incomplete() ?? stale);
      failures = isDue ? failures + 1 : 0;
    } catch (error) {
      if (signal.aborted) return;
      onFault(codedFault(error, 'following direction'));
      options.log.warn('direction is not followed', { cause: error });
      failures += 1;
      const isSilence =
        error instanceof XylemError && (error.code === 'E_PARENT_UNREACHABLE' || error.code === 'E_PROXY');
      isDue = isDue || !isSilence || !refresher.settled() || refresher.incomplete() !== null;
      follower.doubt();
    }
    if (failures === 0) continue;
    const pauseMs = Math.min(timing.retryMaxMs, timing.retryMinMs * 2 ** Math.min(failures - 1, 16));
    await clock.sleep(pauseMs * (0.1 + 0.9 * randomness.fraction()), signal).catch(() => undefined);
  }
}

class Follower {
  readonly #options: FollowOptions;
  /** Parents that can't hold news, and until when that is believed. */
  readonly #polledUntilMs = new Map<string, number>();
  readonly #etags = new Map<string, string>();
  readonly #askedParentsAtMs = new Map<string, number>();
  #renewalAskedAtMs = Number.NEGATIVE_INFINITY;
  /** The parent whose timestamp was looked at since it became ours: only then does its silence say anything. */
  #vetted: string | null = null;
  #isDoubted = false;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  /** After a fault: the next question for news is one that is answered at once, not when something new is out. */
  doubt(): void {
    this.#isDoubted = true;
  }

  /** Nobody is woken for a timestamp that was only signed anew: who holds an old one asks. */
  isRenewalDue(): boolean {
    const { refresher, clock } = this.#options;
    if (clock.monotonicMs() - this.#renewalAskedAtMs < renewalPauseMs) return false;
    return clock.now() - refresher.timestampSignedMs() > lifetimes.timestampOldMs;
  }

  /** The first parent that has everything; if none has, the last one's word counts for now. */
  async refreshThroughAny(): Promise<void> {
    const { parents, refresher, signal, clock } = this.#options;
    this.#renewalAskedAtMs = clock.monotonicMs();
    try {
      await parents.attempt(
        'direction',
        async (source) => {
          await this.#vet(source);
          this.#requireWhole();
          const stale = this.staleness(source.name);
          if (stale !== null) throw stale;
        },
        signal,
      );
    } catch (error) {
      // Said by the caller from the refresher and the timestamp themselves.
      const known =
        refresher.incomplete() !== null || (error instanceof XylemError && error.code === 'E_PARENT_STALE');
      if (!known || signal.aborted) throw error;
    }
  }

  /** Held where the parent can, else one poll. Takes what is new. */
  async waitForNews(): Promise<void> {
    const { parents, http, timing, signal, clock, randomness, refresher } = this.#options;
    const isHeld = await parents.attempt(
      'news',
      async (source) => {
        if (source.name !== this.#vetted) {
          await this.#vet(source);
          return true;
        }
        if ((this.#polledUntilMs.get(source.name) ?? 0) > clock.monotonicMs()) return false;
        const isDoubted = this.#isDoubted;
        const cursor = this.#cursor(isDoubted ? 0 : refresher.snapshot());
        const betterAgainMs = parents.betterAgainMs(source.name);
        const news = await unlessBetter(clock, betterAgainMs, signal, (stop) =>
          askNews(http, source.name, cursor, timing.newsHoldMs, stop),
        );
        if (news === 'better-again') return true;
        this.#isDoubted = false;
        if (news === null) {
          this.#polledUntilMs.set(source.name, clock.monotonicMs() + askNewsAgainMs);
          // A plain web server, or a parent that turns this host away: its timestamp tells which.
          await this.#poll(source);
          return false;
        }
        const own = news.changed.find(
          ({ environment }) => environment === this.#options.identity.environment.id,
        );
        if (own === undefined) return true;
        if (own.snapshot <= refresher.snapshot()) {
          if (isDoubted) return true;
          throw new XylemError('E_PARENT_STALE', `${source.name} announces what this host already has.`);
        }
        await this.#take(source, own);
        return true;
      },
      signal,
    );
    if (isHeld) return;
    const jitter = 1 + lifetimes.pollingJitter * (2 * randomness.fraction() - 1);
    await clock.sleep(timing.pollMs * jitter, signal);
    await parents.attempt('timestamp', (source) => this.#poll(source), signal);
  }

  /** Null, or that nobody signed anything for too long: this parent, and all above it, may have been cut off. */
  staleness(url: string | null): XylemError | null {
    const { refresher, clock, timing } = this.#options;
    const signedMs = refresher.timestampSignedMs();
    const ageMs = clock.now() - signedMs;
    if (signedMs === 0 || ageMs <= timing.staleParentMs) return null;
    const hours = Math.floor(ageMs / 3_600_000);
    return new XylemError(
      'E_PARENT_STALE',
      `${url ?? 'No parent'} has had nothing newly signed for ${hours} hours.`,
    );
  }

  /**
   * Takes what a parent has, whatever it announces. One that is behind what this host accepted is no liar: its news
   * will come. One without our environment is left.
   */
  async #vet(source: ObjectSource): Promise<void> {
    const { refresher, parents } = this.#options;
    const found = await this.#timestamp(source, undefined);
    if (found === null) return;
    const { bytes } = found;
    const hint = hintsOf(bytes);
    const isBehind = hint.version < refresher.timestamp();
    const announced = { snapshot: hint.snapshot, timestamp: toB64u(bytes) };
    await this.#elsewhere(() => refresher.through(source, isBehind ? 'behind' : announced));
    this.#vetted = source.name;
    parents.use(source.name);
    await this.#learn(source.name);
  }

  /** @throws XylemError what is missing of what was accepted: another parent may have it */
  #requireWhole(): void {
    const incomplete = this.#options.refresher.incomplete();
    if (incomplete !== null) throw incomplete;
  }

  async #take(source: ObjectSource, announced: Announced): Promise<void> {
    await this.#elsewhere(() => this.#options.refresher.through(source, announced));
    this.#requireWhole();
    await this.#learn(source.name);
  }

  async #poll(source: ObjectSource): Promise<void> {
    if (source.name !== this.#vetted) {
      await this.#vet(source);
      return;
    }
    const found = await this.#timestamp(source, this.#etags.get(source.name));
    if (found === null) return;
    const { bytes, etag } = found;
    const { version, snapshot } = hintsOf(bytes);
    if (version > this.#options.refresher.timestamp())
      await this.#take(source, { snapshot, timestamp: toB64u(bytes) });
    // Only now: what broke off on the way is asked for again at the next poll.
    if (etag !== undefined) this.#etags.set(source.name, etag);
  }

  /** Null: still the one of that ETag. */
  async #timestamp(
    source: ObjectSource,
    etag: string | undefined,
  ): Promise<{ readonly bytes: Uint8Array; readonly etag: string | undefined } | null> {
    const { identity, signal: over, timing } = this.#options;
    const path = `r/${identity.environment.id}/metadata/timestamp.json`;
    return await within(timing.timestampMs, `${source.name}/${path}`, over, async (signal) => {
      const answer = await source.get(path, { signal, ...(etag === undefined ? {} : { ifNoneMatch: etag }) });
      if (answer.status === 'unchanged') return null;
      if (answer.status === 'missing') {
        throw new XylemError('E_PARENT_REFUSED', `${source.name} does not serve this environment.`, {
          retry: 'elsewhere',
        });
      }
      const bytes = await bodyOf(answer.body, limits.timestamp, `${source.name}/${path}`, signal);
      return { bytes, etag: answer.etag };
    });
  }

  #cursor(snapshot: number): string {
    return formatNewsCursor(new Map([[this.#options.identity.environment.id, snapshot]]));
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
    const { clock, http, parents, signal, log } = this.#options;
    const askedAtMs = this.#askedParentsAtMs.get(url);
    if (askedAtMs !== undefined && clock.monotonicMs() - askedAtMs < askNewsAgainMs) return;
    this.#askedParentsAtMs.set(url, clock.monotonicMs());
    try {
      const learned = await askParents(http, url, this.#options.timing.timestampMs, signal);
      if (learned !== null) parents.learn(url, learned);
    } catch (cause) {
      log.warn('parents not learned', { parent: url, cause });
    }
  }
}

/** What an unverified timestamp says: to know which news file to ask for, and whether it is worth a refresh. */
function hintsOf(bytes: Uint8Array): { version: number; snapshot: number } {
  try {
    const { signed } = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
      signed?: { version?: unknown; meta?: Record<string, { version?: unknown }> };
    };
    return {
      version: wholeNumber(signed?.version),
      snapshot: wholeNumber(signed?.meta?.['snapshot.json']?.version),
    };
  } catch {
    return { version: Number.POSITIVE_INFINITY, snapshot: 0 };
  }
}

function wholeNumber(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
}
