import { type HostId, limits, type NeighbourRelay, parseParents } from '@xylem/core';
import { type Clock, type HttpClient, readBody } from '@xylem/platform';
import { within } from '@xylem/store';
import { lineBelow } from './loops.ts';

const askEveryMs = 600_000;
/** A relay may move, and then others are above it. */
const askRelayEveryMs = 60_000;
const askAgainMs = 5_000;

export interface NeighboursOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  /** An answer that is not whole after so long is none. */
  readonly timestampMs: number;
  /** The nodes above the parent, as they were known before this start. */
  readonly above?: readonly string[];
  /** They are others now. */
  readonly onAbove?: (above: readonly string[]) => void;
  readonly self: () => { readonly host: HostId; readonly url: string };
  /** Whether a parent with these hosts above its children may be pulled from. */
  readonly judge: (parent: string, line: readonly HostId[]) => boolean;
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
  #line: readonly HostId[] = [];

  constructor(options: NeighboursOptions) {
    this.#options = options;
    this.#above = options.above ?? [];
  }

  /** The parents of the parent, nearest first. */
  above(): readonly string[] {
    return this.#above;
  }

  /** The hosts above this relay, the nearest first, as far as its parent says. */
  line(): readonly HostId[] {
    return this.#line;
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

  /**
   * Asks when the parent is another one or was away, and some time later; failing, what was known stays.
   * @returns false where this parent must be left
   */
  async learn(parent: string, signal: AbortSignal): Promise<boolean> {
    const { clock, judge } = this.#options;
    const now = clock.monotonicMs();
    const everyMs = this.#host === null ? askEveryMs : askRelayEveryMs;
    if (parent === this.#parent && now - this.#askedMs < everyMs) return true;
    if (parent !== this.#parent) {
      this.#host = null;
      this.#line = [];
    }
    this.#parent = parent;
    this.#askedMs = now;
    const own = this.#options.self();
    try {
      const { status, text } = await this.#ask(parent, own.url, signal);
      if (status !== 200 || parent !== this.#parent) return true;
      const learned = parseParents(text);
      const line = lineBelow(learned);
      if (!judge(parent, line)) {
        this.#parent = null;
        return false;
      }
      // One from above that is in use stays one of them, whatever is known of those below it.
      const from = this.#above.includes(parent) ? [parent] : [];
      this.#setAbove([...from, ...learned.above].filter((url) => url !== own.url).slice(0, 100));
      this.#host = learned.self.host;
      this.#line = line;
      const { relays = [] } = learned;
      this.#siblings = relays.filter(({ host, url: theirs }) => host !== own.host && theirs !== own.url);
    } catch {
      // Plain web servers and older nodes do not say; one that did not answer is asked again by and by.
      if (parent === this.#parent) this.#askedMs = now - everyMs + askAgainMs;
    }
    return true;
  }

  async #ask(
    parent: string,
    serves: string,
    over: AbortSignal,
  ): Promise<{ readonly status: number; readonly text: Buffer }> {
    const { http, clock, timestampMs } = this.#options;
    const what = `The parents of ${parent}`;
    return await within(clock, timestampMs, what, over, async (signal) => {
      const url = `${parent}/parents?serves=${encodeURIComponent(serves)}`;
      const { status, body } = await http.request({ method: 'GET', url, signal });
      return { status, text: await readBody(body, limits.parents, what) };
    });
  }

  #setAbove(above: readonly string[]): void {
    const isSame = above.join(' ') === this.#above.join(' ');
    this.#above = above;
    if (!isSame) this.#options.onAbove?.(above);
  }
}
