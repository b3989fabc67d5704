import { limits, parseParents } from '@xylem/core';
import { type Clock, type HttpClient, readBody } from '@xylem/platform';

const askEveryMs = 3_600_000;

/** What the parent says about its own parents, for children that lose this relay. A hint: whoever uses one checks its certificate. */
export class Above {
  readonly #http: HttpClient;
  readonly #clock: Clock;
  #parent: string | null = null;
  #askedMs = Number.NEGATIVE_INFINITY;
  #urls: readonly string[] = [];

  constructor(http: HttpClient, clock: Clock) {
    this.#http = http;
    this.#clock = clock;
  }

  list(): readonly string[] {
    return this.#urls;
  }

  /** Asks when the parent is another one, or an hour later; failing, what was known stays. */
  async learn(parent: string | null, signal: AbortSignal): Promise<void> {
    const now = this.#clock.monotonicMs();
    if (parent === null || (parent === this.#parent && now - this.#askedMs < askEveryMs)) return;
    this.#parent = parent;
    this.#askedMs = now;
    try {
      const { status, body } = await this.#http.request({ method: 'GET', url: `${parent}/parents`, signal });
      const text = await readBody(body, limits.parents, `The parents of ${parent}`);
      if (status === 200) this.#urls = parseParents(text).above.slice(0, 100);
    } catch {
      // Plain web servers and older nodes do not say.
    }
  }
}
