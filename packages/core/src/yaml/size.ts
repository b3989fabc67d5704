import { either, integer, string, titled } from '../schema/build.ts';

const units = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;
const pattern = '^(\\d{1,9})(KiB|MiB|GiB|TiB)$';

/** A number of bytes as people write it: `64MiB`, `2GiB`; a bare number is bytes. */
export const size = titled(
  either(integer({ minimum: 1 }), string({ pattern })),
  'a number of bytes, like "256MiB" or "2GiB"',
);

export function sizeBytes(value: number | string): number {
  if (typeof value === 'number') return value;
  const [, digits, unit] = new RegExp(pattern).exec(value) ?? [];
  return Number(digits) * units[unit as keyof typeof units];
}
