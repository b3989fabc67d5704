import type { ComparisonTiming } from './comparison.ts';
import type { ObjectSource } from './object-source.ts';

interface Believed {
  /** So much more waiting for its answers. */
  readonly leftMs: number;
  /** Who was asked last. */
  readonly asked: string | null;
}

/**
 * How long the word of each source that it holds its answers up is taken: anyone can say so, and it would be kept for
 * ever. It is counted over all transfers, since a tree of many small parts would begin anew with each.
 */
export class Patience {
  readonly #timing: Pick<ComparisonTiming, 'pacedMs'>;
  readonly #fraction: () => number;
  readonly #believed = new Map<string, Believed>();

  /** @param fraction from 0 to 1, by which those differ who wait for the same source */
  constructor(timing: Pick<ComparisonTiming, 'pacedMs'>, fraction: () => number) {
    this.#timing = timing;
    this.#fraction = fraction;
  }

  waited(source: string, ms: number): void {
    const { leftMs, asked } = this.#of(source);
    this.#believed.set(source, { leftMs: leftMs - ms, asked });
  }

  isOver(source: string): boolean {
    return this.#of(source).leftMs <= 0;
  }

  /** The rival whose turn it is. */
  next(source: string, rivals: readonly ObjectSource[]): ObjectSource | undefined {
    const { asked } = this.#of(source);
    return rivals[rivals.findIndex(({ name }) => name === asked) + 1] ?? rivals[0];
  }

  /** This rival did not give more: so the source's word is taken again for as long. */
  renew(source: string, asked: string): void {
    this.#believed.set(source, { leftMs: this.#drawnMs(), asked });
  }

  #of(source: string): Believed {
    const known = this.#believed.get(source) ?? { leftMs: this.#drawnMs(), asked: null };
    this.#believed.set(source, known);
    return known;
  }

  #drawnMs(): number {
    return this.#timing.pacedMs * (0.75 + this.#fraction() / 2);
  }
}
