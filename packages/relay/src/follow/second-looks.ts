import { type EnvironmentId, lifetimes, XylemError } from '@xylem/core';
import { type Clock, type Log, type Randomness, shuffled } from '@xylem/platform';
import { afterLook, type Doubt, firstRound, lookPauseMs, stillDoubted, whomToAsk } from '@xylem/store';
import type { RelayTiming } from '../options.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { pollTimestamp } from './ask-news.ts';
import type { Tip } from './environment-copy.ts';
import type { Worker } from './worker.ts';

export interface SecondLooksOptions {
  readonly upstream: Upstream;
  readonly workers: () => ReadonlyMap<EnvironmentId, Worker>;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly timing: RelayTiming;
  readonly signal: AbortSignal;
  /** That a parent was left for being behind; null when that is over. */
  readonly onBehind: (fault: XylemError | null) => void;
}

/** Of more environments than this, as many are looked at each time, drawn anew. */
const mostAtOnce = 100;

/** A parent shows too little of an environment, and the witness's word is being tried. */
interface Trial {
  readonly doubt: Doubt;
  readonly endsMs: number;
}

/**
 * What other parents show, beside the one in use (docs/spec/failover.md). What a witness shows is only handed to the
 * worker, which verifies it; the parent is left when that has come, whole and served.
 */
export class SecondLooks {
  readonly #options: SecondLooksOptions;
  readonly #etags = new Map<string, { readonly etag: string | undefined; readonly tip: Tip }>();
  readonly #doubts = new Map<EnvironmentId, Doubt>();
  readonly #trials = new Map<EnvironmentId, Trial>();
  #overMs: number | null = null;

  constructor(options: SecondLooksOptions) {
    this.#options = options;
  }

  /** Until the signal. */
  async run(): Promise<void> {
    const { clock, randomness, timing, signal, log } = this.#options;
    let nextMs = clock.monotonicMs() + lookPauseMs(timing.secondLookMs, randomness.fraction());
    let round = firstRound(randomness.fraction());
    while (!signal.aborted) {
      const pauseMs = Math.max(0, nextMs - clock.monotonicMs());
      const isBusy = this.#doubts.size + this.#trials.size > 0 || this.#overMs !== null;
      const soonMs = isBusy ? timing.parentBehindMs / 20 : pauseMs;
      await clock.sleep(Math.min(pauseMs, soonMs), signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#settle();
        if (clock.monotonicMs() < nextMs) continue;
        nextMs = clock.monotonicMs() + lookPauseMs(timing.secondLookMs, randomness.fraction());
        await this.#look(round);
        round += 1;
      } catch (error) {
        log.info('another parent did not show', { error });
      }
    }
  }

  async #look(round: number): Promise<void> {
    const { upstream, workers, clock, randomness } = this.#options;
    const parent = upstream.current;
    const { equals, above } = upstream.others();
    const witness = whomToAsk(equals, above, round, randomness.fraction());
    if (parent === null || witness === null) return;
    for (const [environment, worker] of shuffled([...workers()], randomness).slice(0, mostAtOnce)) {
      const found = (await this.#shows(witness, environment))?.snapshot ?? 0;
      const looked = { parent, shown: worker.cursor, witness, found, nowMs: clock.monotonicMs() };
      const doubt = afterLook(this.#doubts.get(environment) ?? null, looked);
      if (doubt === null) this.#doubts.delete(environment);
      else this.#doubts.set(environment, doubt);
    }
  }

  /** What this node shows of an environment; null: nothing. */
  async #shows(parent: string, environment: EnvironmentId): Promise<Tip | null> {
    const { upstream, signal } = this.#options;
    const key = `${parent} ${environment}`;
    const before = this.#etags.get(key);
    const polled = await pollTimestamp(
      this.#options,
      upstream.source(parent),
      environment,
      before?.etag,
      signal,
    );
    if (polled !== null) this.#etags.set(key, polled);
    return (polled ?? before)?.tip ?? null;
  }

  /** What was tried and has come; the parent may have shown it meanwhile. */
  async #endTrials(): Promise<void> {
    for (const [environment, { doubt, endsMs }] of this.#trials) {
      const worker = this.#options.workers().get(environment);
      const hasCome = worker !== undefined && worker.copy.snapshot >= doubt.snapshot;
      const isOver = worker === undefined || this.#options.clock.monotonicMs() >= endsMs;
      if (!hasCome && !isOver) continue;
      this.#trials.delete(environment);
      if (hasCome && !(await this.#isLevel(doubt, environment))) this.#leave(doubt);
    }
  }

  async #isLevel(doubt: Doubt, environment: EnvironmentId): Promise<Tip | null> {
    const own = await this.#shows(doubt.parent, environment).catch(() => null);
    this.#options.signal.throwIfAborted();
    return own !== null && own.snapshot >= doubt.snapshot ? own : null;
  }

  async #settle(): Promise<void> {
    const { upstream, workers, clock, timing } = this.#options;
    const nowMs = clock.monotonicMs();
    if (this.#overMs !== null && this.#overMs <= nowMs) this.#tell(null);
    await this.#endTrials();
    for (const [environment, doubt] of this.#doubts) {
      const worker = workers().get(environment);
      const still =
        worker === undefined ? null : stillDoubted(doubt, upstream.current ?? doubt.parent, worker.cursor);
      if (worker === undefined || still === null) this.#doubts.delete(environment);
      else if (nowMs - doubt.sinceMs >= timing.parentBehindMs) {
        this.#doubts.delete(environment);
        const own = await this.#isLevel(doubt, environment);
        const tip = own ?? (await this.#shows(doubt.witness, environment));
        if (tip === null) continue;
        if (own === null)
          this.#trials.set(environment, { doubt, endsMs: nowMs + lifetimes.behindForgottenMs });
        worker.tell(tip);
      }
    }
  }

  #leave({ parent, witness, snapshot }: Doubt): void {
    this.#options.upstream.leave(parent, lifetimes.behindForgottenMs);
    const message = `${parent} did not show direction ${snapshot}, which ${witness} has: left for an hour.`;
    this.#tell(new XylemError('E_PARENT_BEHIND', message));
  }

  #tell(fault: XylemError | null): void {
    const { clock, onBehind } = this.#options;
    this.#overMs = fault === null ? null : clock.monotonicMs() + lifetimes.behindForgottenMs;
    onBehind(fault);
  }
}
