import { type HostId, limits, type NeighbourRelay, parseParents } from '@xylem/core';
import { type Clock, type HttpClient, readBody } from '@xylem/platform';

const askEveryMs = 600_000;

export interface NeighboursOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly self: () => { readonly host: HostId; readonly url: string };
}

/**
 * What the parent says of the nodes around: other relays below it, and its own parents. Hints, for children that lose
 * this relay: whoever uses one checks its certificate.
 */
export class Neighbours {
  readonly #options: NeighboursOptions;
  #parent: string | null = null;
  #askedMs = Number.NEGATIVE_INFINITY;
  #host: HostId | null = null;
  #siblings: readonly NeighbourRelay[] = [];
  #above: readonly string[] = [];

  constructor(options: NeighboursOptions) {
    this.#options = options;
  }

  /** The parents of the parent, nearest first. */
  above(): readonly string[] {
    return this.#above;
  }

  /** Relays below the same parent that serve something that this one serves. */
  siblings(): readonly NeighbourRelay[] {
    return this.#siblings;
  }

  /** Who this parent says that it is; null: it does not, or is no relay. */
  hostOf(parent: string): HostId | null {
    return parent === this.#parent ? this.#host : null;
  }

  /** The parent was away: it may know its children no more. */
  forgetWhen(): void {
    this.#askedMs = Number.NEGATIVE_INFINITY;
  }

  /** Asks when the parent is another one or was away, and after ten minutes; failing, what was known stays. */
  async learn(parent: string | null, signal: AbortSignal): Promise<void> {
    const { http, clock } = this.#options;
    const now = clock.monotonicMs();
    if (parent === null || (parent === this.#parent && now - this.#askedMs < askEveryMs)) return;
    if (parent !== this.#parent) this.#host = null;
    this.#parent = parent;
    this.#askedMs = now;
    const own = this.#options.self();
    try {
      const url = `${parent}/parents?serves=${encodeURIComponent(own.url)}`;
      const { status, body } = await http.request({ method: 'GET', url, signal });
      const text = await readBody(body, limits.parents, `The parents of ${parent}`);
      if (status !== 200) return;
      const { self, above, relays = [] } = parseParents(text);
      this.#above = above.slice(0, 100);
      this.#host = self.host;
      this.#siblings = relays.filter(({ host, url: theirs }) => host !== own.host && theirs !== own.url);
    } catch {
      // Plain web servers and older nodes do not say.
    }
  }
}
