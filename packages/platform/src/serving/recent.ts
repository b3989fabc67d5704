/** What crossed a link. */
export interface Traffic {
  readonly requests: number;
  /** To the child, and from it: heads and bodies as HTTP has them, without what TLS adds. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

const minuteMs = 60_000;
const columns = 3;

/** Sums of the time just passed, in slots: as many as there are slots at most, one less at least. */
class Slots {
  readonly #sums: Float64Array;
  readonly #slotMs: number;
  #last = 0;

  constructor(count: number, slotMs: number) {
    this.#sums = new Float64Array(count * columns);
    this.#slotMs = slotMs;
  }

  add(atMs: number, { requests, sentBytes, receivedBytes }: Traffic): void {
    this.#turnTo(atMs);
    const at = (this.#last % this.#count) * columns;
    for (const [column, value] of [requests, sentBytes, receivedBytes].entries())
      this.#sums[at + column] = (this.#sums[at + column] ?? 0) + value;
  }

  sum(atMs: number): Traffic {
    this.#turnTo(atMs);
    const sums = [0, 0, 0];
    for (const [index, value] of this.#sums.entries()) {
      const column = index % columns;
      sums[column] = (sums[column] ?? 0) + value;
    }
    const [requests = 0, sentBytes = 0, receivedBytes = 0] = sums;
    return { requests, sentBytes, receivedBytes };
  }

  get #count(): number {
    return this.#sums.length / columns;
  }

  /** Empties what lies between the last time and this one. */
  #turnTo(atMs: number): void {
    const slot = Math.floor(atMs / this.#slotMs);
    const passed = Math.min(this.#count, slot - this.#last);
    for (let back = 0; back < passed; back += 1) {
      const at = ((slot - back) % this.#count) * columns;
      this.#sums.fill(0, at, at + columns);
    }
    this.#last = Math.max(this.#last, slot);
  }
}

/** What crossed a link in the last hour and the last day. Times are monotonic milliseconds. */
export class RecentTraffic {
  readonly #hour = new Slots(7, 10 * minuteMs);
  readonly #day = new Slots(25, 60 * minuteMs);

  add(atMs: number, traffic: Traffic): void {
    this.#hour.add(atMs, traffic);
    this.#day.add(atMs, traffic);
  }

  at(atMs: number): { readonly hour: Traffic; readonly day: Traffic } {
    return { hour: this.#hour.sum(atMs), day: this.#day.sum(atMs) };
  }
}
