import type { ObjectSource } from './object-source.ts';

interface Waited {
  /** So much more. */
  readonly leftMs: number;
  /** Who was asked last. */
  readonly asked: string | null;
}

/**
 * How long each source is waited for before something is done that is not done at once. It is counted over all
 * transfers, since a tree of many small parts would begin anew with each.
 */
export class Patience {
  readonly #patienceMs: number;
  readonly #fraction: () => number;
  readonly #sources = new Map<string, Waited>();

  /** @param fraction from 0 to 1, by which those differ who wait for the same source */
  constructor(patienceMs: number, fraction: () => number) {
    this.#patienceMs = patienceMs;
    this.#fraction = fraction;
  }

  waited(source: string, ms: number): void {
    const { leftMs, asked } = this.#of(source);
    this.#sources.set(source, { leftMs: leftMs - ms, asked });
  }

  isOver(source: string): boolean {
    return this.#of(source).leftMs <= 0;
  }

  /** The rival whose turn it is. */
  next(source: string, rivals: readonly ObjectSource[]): ObjectSource | undefined {
    const { asked } = this.#of(source);
    return rivals[rivals.findIndex(({ name }) => name === asked) + 1] ?? rivals[0];
  }

  /** This rival did not give more: so the source is waited for as long again. */
  renew(source: string, asked: string): void {
    this.#sources.set(source, { leftMs: this.#drawnMs(), asked });
  }

  #of(source: string): Waited {
    const known = this.#sources.get(source) ?? { leftMs: this.#drawnMs(), asked: null };
    this.#sources.set(source, known);
    return known;
  }

  #drawnMs(): number {
    return this.#patienceMs * (0.75 + this.#fraction() / 2);
  }
}
