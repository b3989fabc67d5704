import type { LinkLimit } from '../wire/link-limit.ts';

/** What links may carry at a moment, in bytes per second; null: as much as comes. */
export interface LinkRates {
  readonly down: number | null;
  readonly up: number | null;
  readonly serve: number | null;
  readonly each: number | null;
}

/** Of limits in force the strictest. Pure. */
export function strictestRates(inForce: readonly LinkLimit[]): LinkRates {
  const strictest = (of: keyof LinkRates): number | null => {
    const rates = inForce.flatMap((limit) => limit[of] ?? []);
    return rates.length === 0 ? null : Math.min(...rates);
  };
  return {
    down: strictest('down'),
    up: strictest('up'),
    serve: strictest('serve'),
    each: strictest('each'),
  };
}
