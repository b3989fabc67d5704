import { type EnvironmentId, XylemError } from '@xylem/core';
import type { Clock, HttpClient, Log, Randomness } from '@xylem/platform';
import { type ObjectSource, unlessBetter } from '@xylem/store';
import type { RelayTiming } from '../options.ts';
import type { RootContact } from '../upstream/root-contact.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { askNews, pollTimestamp } from './ask-news.ts';
import type { Followed } from './followed.ts';
import type { Worker } from './worker.ts';

export interface FollowerOptions {
  readonly followed: Followed;
  /** Whether this relay may have an environment: what its certificate says. */
  readonly isInScope: (environment: EnvironmentId) => boolean;
  readonly openWorker: (environment: EnvironmentId) => Promise<Worker>;
  /** Called when an environment is followed no more. */
  readonly onDropped: (environments: readonly EnvironmentId[]) => Promise<void>;
  readonly http: HttpClient;
  readonly upstream: Upstream;
  readonly contact: RootContact;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly timing: RelayTiming;
  readonly signal: AbortSignal;
  readonly onFault: (error: unknown) => void;
  readonly onAnswered: () => void;
  /** That a parent is full; null: none is. */
  readonly onFull: (fault: XylemError | null) => void;
  /** A parent is about to be asked for news. */
  readonly onAsks: (parent: string) => void;
}

/** The one held request upwards for all environments, and what follows from its answers. */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #workers = new Map<EnvironmentId, Worker>();
  readonly #etags = new Map<string, string>();
  #again = new AbortController();
  /** Who was asked for news last. */
  #asked: string | null = null;
  /** Who gave news last. */
  #answered: string | null = null;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  get workers(): ReadonlyMap<EnvironmentId, Worker> {
    return this.#workers;
  }

  /** A child asked for these environments: new ones are asked for upwards at once. */
  asked(environments: readonly EnvironmentId[]): void {
    const { followed, isInScope } = this.#options;
    const isNew = environments.filter(isInScope).map((environment) => followed.asked(environment));
    if (isNew.includes(true)) this.askAgain();
  }

  /** Ends the held request, so that the next one goes out with the present cursor. */
  askAgain(): void {
    this.#again.abort();
  }

  /** Opens what was followed before, so that it is served also while no parent answers. */
  async open(): Promise<void> {
    await this.#reconcile();
  }

  /** Runs until the signal. */
  async run(): Promise<void> {
    const { clock, randomness, timing, signal, upstream, log } = this.#options;
    for (let failures = 0; !signal.aborted; ) {
      this.#again = new AbortController();
      const stop = AbortSignal.any([this.#again.signal, signal]);
      try {
        await this.#reconcile();
        for (const worker of this.#workers.values()) worker.renewIfDue();
        const began = clock.monotonicMs();
        const hasFailed = failures > 0;
        const changed = await upstream.attempt(
          'news',
          (source, chosenMs) => {
            const cursor = this.#cursor(hasFailed || source.name !== this.#answered);
            return this.#ask({ source, chosenMs }, cursor, stop);
          },
          stop,
        );
        failures = 0;
        this.#options.onAnswered();
        this.#options.onFull(upstream.fault());
        // Whoever answers at once with nothing is not asked in a circle.
        if (changed === 0 && clock.monotonicMs() - began < timing.retryFirstMs / 2) {
          await this.#sleep(timing.retryFirstMs * randomness.fraction(), stop);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (this.#again.signal.aborted) continue;
        failures += 1;
        this.#options.onFault(error);
        this.#options.contact.silence();
        log.warn('no news', { error });
        const most = Math.min(timing.retryMaxMs, timing.retryFirstMs * 2 ** Math.min(20, failures - 1));
        await this.#sleep(most * randomness.fraction(), stop);
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.close()));
  }

  /** @param atOnce one environment as if nothing were known of it: a question that is answered, and not held */
  #cursor(atOnce: boolean): Map<EnvironmentId, number> {
    const cursor = new Map([...this.#workers].map(([id, worker]) => [id, worker.cursor]));
    const [first] = cursor.keys();
    // After a failure, and of another parent: whether it answers is to be known now, not when something new is out.
    if (atOnce && first !== undefined) cursor.set(first, 0);
    return cursor;
  }

  /** @returns how many environments have something new */
  async #ask(
    { source, chosenMs }: { readonly source: ObjectSource; readonly chosenMs: number },
    cursor: ReadonlyMap<EnvironmentId, number>,
    stop: AbortSignal,
  ): Promise<number> {
    const { upstream, clock, timing, randomness } = this.#options;
    const { fullness } = upstream;
    if (source.name !== this.#asked && fullness.isDue(source.name))
      await this.#requireRoom(source.name, stop);
    this.#options.onAsks(source.name);
    this.#asked = source.name;
    const betterAgainMs = upstream.betterAgainMs(source.name, chosenMs);
    const isFull = fullness.comesLast(source.name);
    const answer = await unlessBetter(clock, betterAgainMs, stop, (signal) =>
      askNews(this.#options, source.name, { cursor, isFull }, signal),
    );
    if (answer === 'better-again') return 0;
    this.#answered = source.name;
    fullness.said(source.name, answer?.fullForMs);
    this.#options.contact.said(source.name, answer?.sinceRootMs);
    if (answer !== null) {
      let told = 0;
      for (const [environment, tip] of answer.changes) {
        const worker = this.#workers.get(environment);
        if (worker === undefined || tip.snapshot <= worker.cursor) continue;
        worker.tell(tip);
        told += 1;
      }
      return told;
    }
    let found = 0;
    for (const [environment, worker] of this.#workers) {
      const key = `${source.name} ${environment}`;
      const etag = worker.cursor === 0 ? undefined : this.#etags.get(key);
      const polled = await pollTimestamp(this.#options, source, environment, etag, stop);
      if (polled === null) continue;
      if (polled.etag !== undefined) this.#etags.set(key, polled.etag);
      worker.tell(polled.tip);
      found += 1;
    }
    await this.#sleep(timing.pollMs * (0.8 + 0.4 * randomness.fraction()), stop);
    return found;
  }

  /** @throws XylemError E_PARENT_FULL: it is still full, and the one in use stays so */
  async #requireRoom(parent: string, stop: AbortSignal): Promise<void> {
    const { upstream } = this.#options;
    const question = { cursor: this.#cursor(true), isFull: false };
    const answer = await askNews(this.#options, parent, question, stop);
    upstream.fullness.said(parent, answer?.fullForMs);
    const fault = upstream.fullness.fault([parent]);
    if (fault !== null) throw fault;
  }

  /** Workers for all that is to be followed, and for nothing else. */
  async #reconcile(): Promise<void> {
    const { followed, isInScope, openWorker, onDropped, log } = this.#options;
    await followed.forget();
    const wanted = new Set(followed.list().filter(isInScope));
    for (const environment of wanted) {
      if (this.#workers.has(environment)) continue;
      try {
        this.#workers.set(environment, await openWorker(environment));
      } catch (error) {
        if (!(error instanceof XylemError)) throw error;
        this.#options.onFault(error);
        log.error('environment can not be opened', { environment, error });
      }
    }
    const dropped = [...this.#workers].filter(([environment]) => !wanted.has(environment));
    for (const [environment, worker] of dropped) {
      this.#workers.delete(environment);
      await worker.close();
    }
    if (dropped.length > 0) await onDropped(dropped.map(([environment]) => environment));
  }

  async #sleep(ms: number, stop: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(ms, stop).catch(() => undefined);
  }
}
