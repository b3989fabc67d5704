import { Heap } from '../heap.ts';
import { bakeEnd, isExposedSince, type Turn } from './turns.ts';

/** A host whose bake is awaited, if it is done. */
export interface Baking extends Turn {
  /** When its bake ends, as it stands among the ends; null: it does not. */
  endsAt: number | null;
}

/** When hosts that are done will have baked, the next one first. */
export class BakeEnds<Host extends Baking> {
  readonly #judging: { readonly bakeSeconds: number };
  readonly #ends = new Heap<{ readonly at: number; readonly of: Host }>((a, b) => a.at < b.at);
  /** Done, and not marked so: their bakes would begin now. */
  readonly #undated = new Set<Host>();
  /** What ended before, or is of hosts that were admitted before, is forgotten. */
  #forgotten = { now: Number.NEGATIVE_INFINITY, since: Number.NEGATIVE_INFINITY };

  constructor(judging: { readonly bakeSeconds: number }) {
    this.#judging = judging;
  }

  /** @param isDone whether it is admitted and done */
  set(of: Host, isDone: boolean): void {
    const { host, endsAt: before } = of;
    const isDated = (host.doneAt ?? null) !== null;
    if (isDone && !isDated) this.#undated.add(of);
    else this.#undated.delete(of);
    const endsAt = isDone && isDated ? bakeEnd(this.#judging, host, 0) : null;
    of.endsAt = endsAt;
    if (endsAt !== null && endsAt !== before) this.#ends.add({ at: endsAt, of });
  }

  /**
   * The next end of a bake after `now`, of those that were admitted at `since` or later.
   * @param all whoever was set; gone over only when time or `since` went back
   */
  next(since: number, now: number, all: Iterable<Host>): number | null {
    if (since < this.#forgotten.since || now < this.#forgotten.now) this.#recall(all);
    this.#forgotten = { now, since };
    const isOver = ({ at, of }: { readonly at: number; readonly of: Host }): boolean =>
      at <= now || of.endsAt !== at || !isExposedSince(of, since);
    let { first } = this.#ends;
    for (; first !== undefined && isOver(first); first = this.#ends.first) this.#ends.take();
    const isUndated = [...this.#undated].some((of) => isExposedSince(of, since));
    const ends = [
      ...(first === undefined ? [] : [first.at]),
      ...(isUndated ? [now + this.#judging.bakeSeconds * 1000] : []),
    ].filter((end) => end > now);
    return ends.length === 0 ? null : Math.min(...ends);
  }

  #recall(all: Iterable<Host>): void {
    while (this.#ends.take() !== undefined);
    for (const of of all) if (of.endsAt !== null) this.#ends.add({ at: of.endsAt, of });
  }
}
