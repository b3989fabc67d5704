/** Shorter transfers say more about round trips than about a link. */
const leastBytes = 256 * 1024;
/** How much the newest transfer says beside all before it. */
const weight = 0.5;

/** How many bytes a second came lately, by the time that their transfers took, own work included: bytes come meanwhile too. */
export class LinkRate {
  #bytesPerSecond: number | null = null;

  note(bytes: number, tookMs: number): void {
    if (bytes < leastBytes) return;
    const now = (bytes * 1000) / Math.max(1, tookMs);
    const before = this.#bytesPerSecond ?? now;
    this.#bytesPerSecond = before * (1 - weight) + now * weight;
  }

  /** Null: nothing of some length came yet. */
  get bytesPerSecond(): number | null {
    return this.#bytesPerSecond;
  }
}
