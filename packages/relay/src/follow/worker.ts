import type { XylemError } from '@xylem/core';
import type { Clock, Log, Randomness } from '@xylem/platform';
import type { Faults } from '../faults.ts';
import type { RelayTiming } from '../options.ts';
import { type EnvironmentCopy, isFalseWord, type Tip } from './environment-copy.ts';

export interface WorkerOptions {
  readonly copy: EnvironmentCopy;
  readonly faults: Faults;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly timing: RelayTiming;
  /** Waits until nothing is being removed; the result says that the update has ended. */
  readonly enter: () => Promise<() => void>;
  readonly onFalseNews: (parent: string) => void;
  /** The cursor of this environment went back: whoever holds a request upwards should ask again. */
  readonly onCursorBack: () => void;
}

/** Updates one environment's copy when told to: one update at a time, the newest wins, failures are tried again. */
export class Worker {
  readonly copy: EnvironmentCopy;
  readonly #options: WorkerOptions;
  /** What the next update should bring; undefined: nothing to do, null: whatever is newest. */
  #wanted: Tip | null | undefined;
  /** It is still to be looked whether all that is served is here. */
  #owesLook = false;
  /** Who waits until that was tried. */
  #doubters: (() => void)[] = [];
  #told = 0;
  #running: Promise<void> | null = null;
  #stop = new AbortController();
  #retry = new AbortController();
  #isClosed = false;
  #nextRenewalMs = 0;

  constructor(options: WorkerOptions) {
    this.copy = options.copy;
    this.#options = options;
  }

  /** The snapshot to name in the news cursor: served, or on its way. */
  get cursor(): number {
    return Math.max(this.copy.snapshot, this.#told);
  }

  /** Something newer than the cursor is out: it replaces what is under way, which keeps all that it fetched. */
  tell(tip: Tip): void {
    if (tip.snapshot <= this.cursor || this.#isClosed) return;
    this.#told = tip.snapshot;
    this.#wanted = tip;
    this.#stop.abort();
    this.#retry.abort();
    this.#start();
  }

  /** Looks whether all that is served is here, and mends it; resolves when that was tried once. */
  async look(): Promise<void> {
    if (this.#isClosed) return;
    this.#owesLook = true;
    const looked = new Promise<void>((resolve) => {
      this.#doubters.push(resolve);
    });
    this.#start();
    await looked;
  }

  /** Asks for a newer timestamp where the one that is served is old. */
  renewIfDue(): void {
    const { clock, timing, randomness } = this.#options;
    if (this.#running !== null || this.#isClosed || this.copy.issuedMs === 0) return;
    const now = clock.now();
    if (now - this.copy.issuedMs < timing.timestampOldMs) return;
    const monotonic = clock.monotonicMs();
    if (monotonic < this.#nextRenewalMs) return;
    // A parent that has none newer yet is not asked all the time.
    this.#nextRenewalMs = monotonic + (timing.timestampOldMs / 120) * (1 + randomness.fraction());
    this.#wanted = null;
    this.#start();
  }

  /** Ends what runs; what was fetched stays. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stop.abort();
    this.#retry.abort();
    await this.#running;
    for (const tell of this.#doubters) tell();
    this.#options.faults.clear(this.copy.id);
  }

  #start(): void {
    if (this.#running !== null) return;
    this.#running = this.#work().finally(() => {
      this.#running = null;
      if (this.#hasWork()) this.#start();
    });
  }

  #hasWork(): boolean {
    return (this.#wanted !== undefined || this.#owesLook) && !this.#isClosed;
  }

  async #work(): Promise<void> {
    const { copy, log, faults } = this.#options;
    for (let failures = 0; this.#hasWork(); ) {
      const tip = this.#wanted;
      this.#wanted = undefined;
      if (tip === undefined) this.#owesLook = false;
      const doubters = this.#doubters;
      this.#doubters = [];
      this.#stop = new AbortController();
      try {
        const leave = await this.#options.enter();
        const stale = await this.#act(tip, this.#stop.signal).finally(() => {
          leave();
          for (const tell of doubters) tell();
        });
        if (stale !== null && this.#told > copy.snapshot) throw stale;
        failures = 0;
        // What stale parents had was taken; what remains is to renew it later.
        if (stale !== null) faults.set(copy.id, stale, copy.id);
        else if (tip !== undefined) faults.clear(copy.id);
      } catch (error) {
        if (this.#isClosed) return;
        // What was to be mended may be of a former state, which no update looks at.
        if (tip === undefined) this.#owesLook = true;
        if (this.#stop.signal.aborted && this.#wanted !== undefined) continue;
        failures += 1;
        if (tip !== null && tip !== undefined && isFalseWord(error)) this.#options.onFalseNews(tip.from);
        faults.set(copy.id, error, copy.id);
        log.warn('environment not updated', { environment: copy.id, error });
        await this.#pause(failures);
        if (this.#wanted !== undefined) continue;
        // The word of that parent is not believed twice: all are asked what is newest.
        this.#told = 0;
        this.#wanted = null;
        this.#options.onCursorBack();
      }
    }
  }

  /** @returns as `EnvironmentCopy.update` */
  async #act(tip: Tip | null | undefined, signal: AbortSignal): Promise<XylemError | null> {
    const { copy } = this.#options;
    if (tip !== undefined) return await copy.update(tip, signal);
    await copy.look(signal);
    return null;
  }

  async #pause(failures: number): Promise<void> {
    const { timing, randomness, clock } = this.#options;
    const most = Math.min(timing.retryMaxMs, timing.retryFirstMs * 2 ** Math.min(20, failures - 1));
    this.#retry = new AbortController();
    await clock.sleep(most * randomness.fraction(), this.#retry.signal).catch(() => undefined);
  }
}
