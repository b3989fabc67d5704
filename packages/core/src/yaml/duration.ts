import { either, integer, string, titled } from '../schema/build.ts';

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const pattern = '^(\\d{1,8})(ms|s|m|h)$';
const MAX_MS = 24 * units.h;

/** A duration as people write it: `500ms`, `10s`, `2m`, `1h`; a bare number is milliseconds. At most a day. */
export const duration = titled(
  either(integer({ minimum: 1, maximum: MAX_MS }), string({ pattern })),
  'a duration from 1ms to 24h, like "500ms" or "10s"',
);

/** Milliseconds, or undefined where it lies outside 1 ms to 24 h. */
export function durationMs(value: number | string): number | undefined {
  const [, digits, unit] =
    typeof value === 'string' ? (new RegExp(pattern).exec(value) ?? []) : [undefined, value, 'ms'];
  const ms = Number(digits) * units[unit as keyof typeof units];
  return ms >= 1 && ms <= MAX_MS ? ms : undefined;
}
