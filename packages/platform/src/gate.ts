/** What adds runs beside each other; what removes runs alone, and only when nothing is added. */
export class Gate {
  #inside = 0;
  #alone: Promise<unknown> | null = null;

  /** Waits while something runs alone. @returns what to call at the end */
  async enter(): Promise<() => void> {
    while (this.#alone !== null) await this.#alone;
    this.#inside += 1;
    return () => {
      this.#inside -= 1;
    };
  }

  /** Runs `work` beside others, once nothing runs alone. @throws what it throws */
  async within<T>(work: () => Promise<T>): Promise<T> {
    const leave = await this.enter();
    return await work().finally(leave);
  }

  /** @returns false, without having run `work`, when someone is inside */
  async tryAlone(work: () => Promise<void>): Promise<boolean> {
    if (this.#inside > 0 || this.#alone !== null) return false;
    const running = work();
    this.#alone = running.catch(() => undefined);
    try {
      await running;
    } finally {
      this.#alone = null;
    }
    return true;
  }
}
