import { formatNewsCursor, lifetimes, type News, XylemError } from '@xylem/core';
import { type Doubt, type ObjectSource, unlessBetter } from '@xylem/store';
import type { Identity } from '@xylem/trust';
import { codedFault } from '../converge/faults.ts';
import type { AgentTiming } from '../options.ts';
import type { AsksParents } from '../parents/parents.ts';
import { askNews } from '../parents/requests.ts';
import { Behind } from './behind.ts';
import { ParentInUse } from './parent-in-use.ts';
import type { Refresher } from './refresh.ts';
import { type SecondLooks, secondLooks } from './second-looks.ts';

export interface FollowOptions extends AsksParents {
  readonly identity: Identity;
  readonly refresher: Refresher;
  readonly timing: AgentTiming;
  /** What keeps direction from being followed, null when nothing does. */
  readonly onFault: (fault: XylemError | null) => void;
  /** That a parent was left for being behind; null when that is over. */
  readonly onBehind: (fault: XylemError | null) => void;
  /** That a parent is full; null when none is. */
  readonly onFull: (fault: XylemError | null) => void;
  /** Until this host has done and reported what it was just given, at most so many milliseconds. */
  readonly untilSaid: (mostMs: number) => Promise<void>;
}

/** A parent that could not hold news is asked for it again after so long. */
const askNewsAgainMs = 3_600_000;
/** A timestamp that is due is asked for each half hour, with the question that comes before that is over. */
const renewalPauseMs = 1_740_000;

/** Follows the direction of this host's environment through its parents until the signal ends it. */
export async function followDirection(options: FollowOptions): Promise<void> {
  const follower = new Follower(options);
  const environment = options.identity.environment.id;
  const looks = secondLooks({ ...options, environment, shown: () => follower.shown() });
  await Promise.all([follow(options, follower, looks), looks.run()]);
}

async function follow(options: FollowOptions, follower: Follower, looks: SecondLooks): Promise<void> {
  const { clock, randomness, timing, signal, refresher, parents, onFault } = options;
  let failures = 0;
  let isDue = true;
  while (!signal.aborted) {
    try {
      const before = refresher.accepted();
      follower.forgetBehind();
      options.onFull(parents.full());
      const overdue = looks.overdue();
      if (overdue !== null && !(await follower.settle(overdue))) looks.mistrust(overdue.witness);
      if (isDue || follower.isRenewalDue()) await follower.refreshThroughAny();
      else await follower.waitForNews();
      isDue = refresher.incomplete() !== null;
      const stale = follower.staleness(parents.current()?.url ?? null);
      onFault(refresher.incomplete() ?? stale);
      failures = isDue ? failures + 1 : 0;
      // A held question would take the connection, and all that the work asks for another one. Who is to go to another
      // parent says so when it is there.
      const isNew = !isDue && refresher.accepted() !== before;
      if (isNew && parents.urls()[0] === parents.current()?.url)
        await options.untilSaid(timing.newsAfterWorkMs);
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
  #renewalAskedAtMs = Number.NEGATIVE_INFINITY;
  #isDoubted = false;
  readonly #behind: Behind;
  readonly #inUse: ParentInUse;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#behind = new Behind(options.clock, options.onBehind);
    this.#inUse = new ParentInUse({ ...options, behind: this.#behind });
  }

  /** What parents were left for too long ago counts no more. */
  forgetBehind(): void {
    this.#behind.forget();
  }

  /** The newest snapshot that the parent in use has shown. */
  shown(): number {
    return this.#inUse.shown();
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
          await this.#inUse.vet(source);
          this.#inUse.requireWhole();
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
    const { parents, timing, signal, clock, randomness, refresher } = this.#options;
    const isHeld = await parents.attempt(
      'news',
      async (source, chosenMs) => {
        if (!this.#inUse.isVetted(source)) {
          await this.#inUse.vet(source);
          return true;
        }
        if ((this.#polledUntilMs.get(source.name) ?? 0) > clock.monotonicMs()) return false;
        const isDoubted = this.#isDoubted;
        const beganMs = clock.monotonicMs();
        const news = await this.#ask(source, chosenMs, isDoubted ? 0 : refresher.snapshot());
        if (news === 'again') return true;
        this.#isDoubted = false;
        const fullForMs = news?.fullForMs;
        const isFullNow = parents.fullness.said(source.name, fullForMs) && fullForMs !== undefined;
        if (news === null) {
          this.#polledUntilMs.set(source.name, clock.monotonicMs() + askNewsAgainMs);
          // A plain web server, or a parent that turns this host away: its timestamp tells which.
          await this.#inUse.poll(source);
          return false;
        }
        const own = news.changed.find(
          ({ environment }) => environment === this.#options.identity.environment.id,
        );
        if (own === undefined) {
          // Its children do not go to the next all at the same moment.
          if (isFullNow) await this.#pause();
          // Whoever answers at once with nothing is not asked in a circle.
          else if (clock.monotonicMs() - beganMs < timing.retryMinMs && !isDoubted) await this.#pause();
          return true;
        }
        if (own.snapshot <= refresher.snapshot()) {
          if (isDoubted) return true;
          throw new XylemError('E_PARENT_STALE', `${source.name} announces what this host already has.`);
        }
        await this.#inUse.take(source, own);
        return true;
      },
      signal,
    );
    if (isHeld) return;
    const jitter = 1 + lifetimes.pollingJitter * (2 * randomness.fraction() - 1);
    await clock.sleep(timing.pollMs * jitter, signal);
    await parents.attempt('timestamp', (source) => this.#inUse.poll(source), signal);
  }

  /**
   * Asks for what is newer, and holds the question. A parent that went away in the middle may have been started anew: it
   * is asked once more, its children not all at the same moment, before another is.
   * @returns 'again': to be asked anew; null: it holds no questions
   */
  async #ask(source: ObjectSource, chosenMs: number, snapshot: number): Promise<News | null | 'again'> {
    const { parents, timing, signal, clock } = this.#options;
    const beganMs = clock.monotonicMs();
    try {
      const betterAgainMs = parents.betterAgainMs(source.name, chosenMs);
      const question = { cursor: this.#cursor(snapshot), isFull: parents.fullness.comesLast(source.name) };
      const answer = await unlessBetter(clock, betterAgainMs, signal, (stop) =>
        askNews(this.#options, source.name, question, timing.newsHoldMs, stop),
      );
      return answer === 'better-again' ? 'again' : answer;
    } catch (error) {
      signal.throwIfAborted();
      const isGone = error instanceof XylemError && error.code === 'E_PARENT_UNREACHABLE';
      const isFull = isGone && error.details.status !== undefined;
      if (!isGone || isFull || clock.monotonicMs() - beganMs >= timing.newsHoldMs) throw error;
      await this.#pause();
      await this.#inUse.vet(source);
      return 'again';
    }
  }

  /** One to three times the first pause after a failure. */
  async #pause(): Promise<void> {
    const { clock, timing, randomness, signal } = this.#options;
    await clock.sleep(timing.retryMinMs * (1 + 2 * randomness.fraction()), signal).catch(() => undefined);
    signal.throwIfAborted();
  }

  /**
   * Has the parent show what it has, and leaves it for the witness where that has more: what verifies counts, nothing
   * that is only said.
   * @returns false where the witness does not give what it showed
   */
  async settle(doubt: Doubt): Promise<boolean> {
    const { parents, refresher, signal } = this.#options;
    const asked = parents.source(doubt.parent);
    let silence: XylemError | null = null;
    try {
      await this.#inUse.poll(asked, true);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof XylemError) silence = error;
    }
    if (this.#inUse.shown() >= doubt.snapshot) return true;
    const witness = parents.source(doubt.witness);
    try {
      const { snapshot } = await this.#inUse.through(witness);
      if (Math.min(snapshot, refresher.snapshot()) < doubt.snapshot)
        throw new XylemError('E_PARENT_STALE', `${witness.name} does not give what it showed.`);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof XylemError) parents.blame(witness.name, error);
      if (silence !== null) parents.blame(asked.name, silence);
      return false;
    }
    parents.blame(asked.name, this.#behind.leave(doubt, this.#inUse.shown()));
    await this.#inUse.useNow(witness, refresher.snapshot());
    return true;
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

  #cursor(snapshot: number): string {
    return formatNewsCursor(new Map([[this.#options.identity.environment.id, snapshot]]));
  }
}
