import type { Digest } from '@xylem/core';

/** The objects that this relay is just fetching, from whomever: siblings that ask get them as they come. */
export class UnderWay {
  readonly #running = new Map<Digest, Promise<boolean>>();
  #next = Promise.withResolvers<void>();

  async note<T>(digest: Digest, fetch: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#running.set(digest, promise);
    this.#next.resolve();
    this.#next = Promise.withResolvers();
    try {
      const result = await fetch();
      resolve(true);
      return result;
    } catch (error) {
      resolve(false);
      throw error;
    } finally {
      this.#running.delete(digest);
    }
  }

  /** Resolves when it has ended: whether the object came whole. Undefined: it is not being fetched. */
  get(digest: Digest): Promise<boolean> | undefined {
    return this.#running.get(digest);
  }

  /** When the next one begins. */
  oneBegins(): Promise<void> {
    return this.#next.promise;
  }
}
