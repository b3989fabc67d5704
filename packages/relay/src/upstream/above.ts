import { type HostId, limits, parseParents } from '@xylem/core';
import { type Clock, type HttpClient, readBody } from '@xylem/platform';

const askEveryMs = 3_600_000;

/** What the parent says about its own parents, for children that lose this relay. A hint: whoever uses one checks its certificate. */
export class Above {
  readonly #http: HttpClient;
  readonly #clock: Clock;
  #parent: string | null = null;
  #askedMs = Number.NEGATIVE_INFINITY;
  #urls: readonly string[] = [];
  #host: HostId | null = null;

  constructor(http: HttpClient, clock: Clock) {
    this.#http = http;
    this.#clock = clock;
  }

  list(): readonly string[] {
    return this.#urls;
  }

  /** Who this parent says that it is; null: it does not, or is no relay. */
  hostOf(parent: string): HostId | null {
    return parent === this.#parent ? this.#host : null;
  }

  /** Asks when the parent is another one, or an hour later; failing, what was known stays. */
  async learn(parent: string | null, signal: AbortSignal): Promise<void> {
    const now = this.#clock.monotonicMs();
    if (parent === null || (parent === this.#parent && now - this.#askedMs < askEveryMs)) return;
    if (parent !== this.#parent) this.#host = null;
    this.#parent = parent;
    this.#askedMs = now;
    try {
      const { status, body } = await this.#http.request({ method: 'GET', url: `${parent}/parents`, signal });
      const text = await readBody(body, limits.parents, `The parents of ${parent}`);
      if (status !== 200) return;
      const { self, above } = parseParents(text);
      this.#urls = above.slice(0, 100);
      this.#host = self.host;
    } catch {
      // Plain web servers and older nodes do not say.
    }
  }
}
