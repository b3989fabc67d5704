/** Shorter transfers say more about round trips than about a link. */
const leastBytes = 256 * 1024;
/** How much the newest transfer says beside all before it. */
const weight = 0.5;
/** Of so many answers the soonest counts: the others may have waited for more than their way. */
const answersKept = 8;

/** How many bytes a second came lately, by the time that their transfers took, own work included: bytes come meanwhile too. */
export class LinkRate {
  #bytesPerSecond: number | null = null;
  #answersMs: number[] = [];

  note(bytes: number, tookMs: number): void {
    if (bytes < leastBytes) return;
    const now = (bytes * 1000) / Math.max(1, tookMs);
    const before = this.#bytesPerSecond ?? now;
    this.#bytesPerSecond = before * (1 - weight) + now * weight;
  }

  /** How long a request waited for the begin of its answer. */
  answered(tookMs: number): void {
    this.#answersMs = [...this.#answersMs, tookMs].slice(-answersKept);
  }

  /** Null: nothing was answered yet. */
  get roundTripMs(): number | null {
    return this.#answersMs.length === 0 ? null : Math.min(...this.#answersMs);
  }

  /** Null: nothing of some length came yet. */
  get bytesPerSecond(): number | null {
    return this.#bytesPerSecond;
  }
}
