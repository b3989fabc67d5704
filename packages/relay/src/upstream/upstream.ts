import { type ErrorCode, XylemError } from '@xylem/core';
import type { Clock, HttpClient, Log } from '@xylem/platform';
import { failover, httpSource, type ObjectSource, type SourceChoice } from '@xylem/store';

export interface UpstreamOptions {
  readonly http: HttpClient;
  /** In order of preference, as of now. */
  readonly parents: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

/** Faults after which another parent may well do better, though by themselves they say "later" or "never". */
const elsewhere: ReadonlySet<ErrorCode> = new Set(['E_METADATA_EXPIRED', 'E_TOO_LARGE', 'E_TRUST']);

/** The parents as one choice: who is dead, stale or lying comes last for a while, then the first is tried again. */
export class Upstream implements SourceChoice {
  readonly #options: UpstreamOptions;
  #urls = '';
  #choice: SourceChoice | undefined;
  #current: string | null = null;

  constructor(options: UpstreamOptions) {
    this.#options = options;
  }

  /** The parent that answered last. */
  get current(): string | null {
    return this.#current;
  }

  async attempt<T>(
    path: string,
    use: (source: ObjectSource) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return await this.#chosen().attempt(
      path,
      async (source) => {
        try {
          const result = await use(source);
          this.#current = source.name;
          return result;
        } catch (error) {
          if (this.#current === source.name) this.#current = null;
          if (!(error instanceof XylemError) || !elsewhere.has(error.code)) throw error;
          throw new XylemError(error.code, error.message, { cause: error, retry: 'elsewhere' });
        }
      },
      signal,
    );
  }

  #chosen(): SourceChoice {
    const { http, parents, clock, log } = this.#options;
    const urls = parents();
    if (this.#choice !== undefined && urls.join(' ') === this.#urls) return this.#choice;
    this.#urls = urls.join(' ');
    const sources = urls.map((url) => httpSource(http, url));
    this.#choice = failover(sources, {
      clock,
      onFault: (parent, error) => log.warn('parent left', { parent, error }),
    });
    return this.#choice;
  }
}
