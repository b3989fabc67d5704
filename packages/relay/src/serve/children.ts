import { type HostId, isNodeUrl, type NeighbourRelay, type Serving, type Time, timeOf } from '@xylem/core';
import type { Clock } from '@xylem/platform';

const seenWithinMs = 24 * 3_600_000;
/** As many as a report may name. */
const mostChildren = 10_000;

/** Who asked here lately. Not kept over a restart: who is alive asks again. */
export class Children {
  readonly #seen = new Map<HostId, number>();
  readonly #relays = new Map<HostId, NeighbourRelay>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  saw(host: HostId): void {
    this.#seen.delete(host);
    this.#seen.set(host, this.#clock.now());
    if (this.#seen.size <= mostChildren) return;
    for (const oldest of this.#seen.keys()) {
      this.#forget(oldest);
      return;
    }
  }

  /** Where the children of this child find it, and what its certificate lets it serve; what is no such address is not kept. */
  serve(host: HostId, url: string, serves: Serving): void {
    if (isNodeUrl(url)) this.#relays.set(host, { url, host, serves });
  }

  /** By host id. */
  list(): { host: HostId; lastSeen: Time }[] {
    const since = this.#clock.now() - seenWithinMs;
    return [...this.#seen]
      .filter(([, at]) => at >= since)
      .map(([host, at]) => ({ host, lastSeen: timeOf(at) }))
      .sort((a, b) => (a.host < b.host ? -1 : 1));
  }

  /** Those that are relays. */
  relays(): NeighbourRelay[] {
    const since = this.#clock.now() - seenWithinMs;
    return [...this.#relays.values()].filter(({ host }) => (this.#seen.get(host) ?? 0) >= since);
  }

  #forget(host: HostId): void {
    this.#seen.delete(host);
    this.#relays.delete(host);
  }
}
