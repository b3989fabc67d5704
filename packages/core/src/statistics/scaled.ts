/**
 * A number from 0 on with more room than a double: mantissa × 2^(64 × exponent), the mantissa from 2^-64 to 2^64, or 0.
 * Scaling by powers of two is exact, so products come out to the last bit the same in every engine.
 */
export type Scaled = readonly [mantissa: number, exponent: number];

const step = 2 ** 64;

export const one: Scaled = [1, 0];

export function times([mantissa, exponent]: Scaled, [by, byExponent]: Scaled): Scaled {
  const product = mantissa * by;
  if (product === 0) return [0, 0];
  if (product >= step) return [product / step, exponent + byExponent + 1];
  if (product < 1 / step) return [product * step, exponent + byExponent - 1];
  return [product, exponent + byExponent];
}

/** The smaller one is brought to the other's exponent, which is exact; the sum is rounded once, as a double's. */
export function plus(a: Scaled, b: Scaled): Scaled {
  if (a[0] === 0) return b;
  if (b[0] === 0) return a;
  const [[mantissa, exponent], small] = a[1] >= b[1] ? [a, b] : [b, a];
  const apart = exponent - small[1];
  // Further down nothing of it is left beside a mantissa of at least 2^-64.
  let other = apart > 3 ? 0 : small[0];
  for (let left = Math.min(apart, 3); left > 0; left -= 1) other /= step;
  const sum = mantissa + other;
  return sum >= step ? [sum / step, exponent + 1] : [sum, exponent];
}

/** Of a number between 2^-64 and 2^64, or 0. */
export function scaled(value: number): Scaled {
  return [value, 0];
}

/** `base` to a whole power, by squaring: what Math.pow answers may differ between engines. */
export function power(base: number, exponent: number): Scaled {
  let result = one;
  let square = scaled(base);
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = times(result, square);
    square = times(square, square);
  }
  return result;
}

/** As a double: 0 where it is below about 1e-77, and at most about 1e77. Nothing is decided beyond. */
export function plain([mantissa, exponent]: Scaled): number {
  if (exponent > 3) return step ** 4;
  if (exponent < -3) return 0;
  let value = mantissa;
  for (let left = exponent; left > 0; left -= 1) value *= step;
  for (let left = exponent; left < 0; left += 1) value /= step;
  return Math.min(value, step ** 4);
}
