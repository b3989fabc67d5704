/** Lets at most so many be at something at once; others wait in the order in which they came. */
export class Turns {
  readonly #most: number;
  #inUse = 0;
  readonly #waiting: ((isMine: boolean) => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** True while nobody is at it. */
  get isIdle(): boolean {
    return this.#inUse === 0;
  }

  /** @throws what `act` throws, or the signal's reason while waiting */
  async take<T>(signal: AbortSignal | undefined, act: () => Promise<T>): Promise<T> {
    await this.#turn(signal);
    try {
      return await act();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#inUse -= 1;
      else next(true);
    }
  }

  /** Resolves when one more may begin, and counts it. */
  async #turn(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#inUse < this.#most) {
      this.#inUse += 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const leave = (): void => {
      const at = this.#waiting.indexOf(resolve);
      if (at >= 0) this.#waiting.splice(at, 1);
      resolve(false);
    };
    this.#waiting.push(resolve);
    signal?.addEventListener('abort', leave, { once: true });
    const isMine = await promise;
    signal?.removeEventListener('abort', leave);
    if (!isMine) signal?.throwIfAborted();
  }
}
