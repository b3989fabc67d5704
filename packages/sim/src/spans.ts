import { exponential, normal } from './random.ts';

/** How long something takes, milliseconds: always the same, by chance (`ms` on average), or with a long tail (`ms` half of the time). */
export type Span =
  | { readonly kind: 'fixed' | 'exponential'; readonly ms: number }
  /** `spread` of the logarithm: with 1 one of twenty takes five times as long as half do. */
  | { readonly kind: 'lognormal'; readonly ms: number; readonly spread: number };

export function drawn(random: () => number, span: Span): number {
  switch (span.kind) {
    case 'fixed':
      return span.ms;
    case 'exponential':
      return exponential(random, span.ms);
    case 'lognormal':
      return span.ms * Math.exp(span.spread * normal(random));
  }
}
