import { randomBytes, randomInt } from 'node:crypto';

/** Randomness as the rest of the code sees it. Tests pass a seeded one. */
export interface Randomness {
  /** `count` unpredictable bytes. */
  bytes(count: number): Buffer;
  /** A number in [0, 1), for jitter. */
  fraction(): number;
}

export const systemRandomness: Randomness = {
  bytes: (count) => randomBytes(count),
  fraction: () => randomInt(2 ** 47) / 2 ** 47,
};

/** `items` in an order that differs each time. */
export function shuffled<T>(items: readonly T[], randomness: Pick<Randomness, 'fraction'>): T[] {
  return items
    .map((item) => ({ item, at: randomness.fraction() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
