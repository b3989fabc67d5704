/** Numbers from 0 to below 1; the same seed gives the same ones, everywhere (sfc32, by Chris Doty-Humphrey). */
export function seeded(seed: number): () => number {
  let [a, b, c, counter] = [seed | 0, Math.floor(seed / 2 ** 32) | 0, 0x9e3779b9 | 0, 1];
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // The first ones still look like the seed.
  for (let round = 0; round < 15; round += 1) next();
  return next;
}

/** A normally distributed number. */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Waiting times of what comes by chance, `mean` apart; Infinity where it never comes. */
export function exponential(random: () => number, mean: number): number {
  return -Math.log(1 - random()) * mean;
}
