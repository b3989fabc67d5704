import { type ErrorCode, XylemError } from '@xylem/core';
import type { Clock, HttpClient, Log, Randomness } from '@xylem/platform';
import type { Turns } from '@xylem/platform/serving';
import {
  type Comparison,
  comparisonTiming,
  type Failover,
  Fullness,
  failover,
  httpSource,
  type ObjectSource,
  pacedSource,
  type SourceChoice,
} from '@xylem/store';

export interface UpstreamOptions {
  readonly http: HttpClient;
  /** In order of preference, as of now. */
  readonly parents: () => readonly string[];
  /** Those of them that are above the others: the last to be asked. */
  readonly above: () => readonly string[];
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  /** How what comes is held up; null: not at all. */
  readonly turnsOf: (isBackground: boolean) => Turns | null;
}

/** Faults after which another parent may well do better, though by themselves they say "later" or "never". */
const elsewhere: ReadonlySet<ErrorCode> = new Set(['E_METADATA_EXPIRED', 'E_TOO_LARGE', 'E_TRUST']);

const firstPauseMs = 5_000;
const longestPauseMs = 5 * 60_000;

/** The parents as one choice: who is dead, stale or lying comes last for a while, then the first is tried again. */
export class Upstream implements SourceChoice {
  /** What they say of their disks. */
  readonly fullness: Fullness;
  readonly #options: UpstreamOptions;
  #chosenOf = '';
  #choice: Failover | undefined;
  #current: string | null = null;
  readonly #left = new Map<string, { untilMs: number; pauseMs: number }>();

  constructor(options: UpstreamOptions) {
    const { clock, randomness } = options;
    this.#options = options;
    this.fullness = new Fullness(clock, () => randomness.fraction());
  }

  /** The parent that answered last. */
  get current(): string | null {
    return this.#current;
  }

  /** That one of the parents is full; null: none is. */
  fault(): XylemError | null {
    return this.fullness.fault(this.#options.parents());
  }

  /** Milliseconds until a parent that comes before this one may be asked again; null where none was left at `chosenMs`. */
  betterAgainMs(parent: string, chosenMs: number): number | null {
    return this.#chosen().betterAgainMs(parent, chosenMs);
  }

  /**
   * What this parent said turned out to be false: it is not asked for a while, twice as long each time.
   * @param forMs that long at least
   */
  leave(parent: string, forMs = 0): void {
    const now = this.#options.clock.monotonicMs();
    const former = this.#left.get(parent);
    const pauseMs = Math.max(forMs, Math.min(longestPauseMs, (former?.pauseMs ?? firstPauseMs / 2) * 2));
    this.#left.set(parent, { untilMs: now + pauseMs, pauseMs });
    if (this.#left.size > 1000) this.#left.clear();
  }

  /** Others than the one in use: those that were named, and those above. */
  others(): { readonly equals: readonly string[]; readonly above: readonly string[] } {
    const above = this.#options.above();
    const others = this.#options.parents().filter((url) => url !== this.#current && !this.#isLeft(url));
    return {
      equals: others.filter((url) => !above.includes(url)),
      above: others.filter((url) => above.includes(url)),
    };
  }

  get comparison(): Comparison | undefined {
    return this.#chosen().comparison;
  }

  source(parent: string): ObjectSource {
    const { http, turnsOf } = this.#options;
    return pacedSource(httpSource(http, parent), turnsOf);
  }

  async attempt<T>(
    path: string,
    use: (source: ObjectSource, chosenMs: number) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const { log } = this.#options;
    return await this.#chosen().attempt(
      path,
      async (source, chosenMs) => {
        try {
          this.#refuseLeft(source.name);
          const result = await use(source, chosenMs);
          this.#current = source.name;
          return result;
        } catch (error) {
          signal?.throwIfAborted();
          const isSlow = error instanceof XylemError && error.code === 'E_PARENT_SLOW';
          if (isSlow) log.warn('parent is slow', { parent: source.name, error });
          else if (this.#current === source.name) this.#current = null;
          if (!(error instanceof XylemError) || !elsewhere.has(error.code)) throw error;
          throw new XylemError(error.code, error.message, { cause: error, retry: 'elsewhere' });
        }
      },
      signal,
    );
  }

  #isLeft(parent: string): boolean {
    return (this.#left.get(parent)?.untilMs ?? 0) > this.#options.clock.monotonicMs();
  }

  #refuseLeft(parent: string): void {
    if (!this.#isLeft(parent)) return;
    throw new XylemError(
      'E_PARENT_REFUSED',
      `${parent} said what was not true, or was behind, and is left alone for a while.`,
    );
  }

  #chosen(): Failover {
    const { parents, above, clock, randomness, log } = this.#options;
    const urls = parents();
    if (this.#choice !== undefined && urls.join(' ') === this.#chosenOf) return this.#choice;
    this.#chosenOf = urls.join(' ');
    const sources = urls.map((url) => this.source(url));
    this.#choice = failover(sources, {
      clock,
      fraction: () => randomness.fraction(),
      fullness: this.fullness,
      compare: {
        timing: comparisonTiming,
        isRival: (parent) => !this.#isLeft(parent) && (above().includes(parent) ? 'later' : 'now'),
      },
      onFault: (parent, error) => log.warn('parent left', { parent, error }),
    });
    return this.#choice;
  }
}
