import type { Report } from '@xylem/core';
import { type SaidState, saidState } from './view.ts';

/** What of a host's own row its direction goes by until the host map names it. */
export interface OwnWords {
  readonly name: string;
  /** JSON. */
  readonly labels: string;
}

/** What reports say beside what is directed to their hosts. */
export interface SaidStates {
  of(report: Report, own: OwnWords): SaidState;
  /** Whether all that is directed to hosts there is known: not before it was published by this process. */
  isCertain(environment: string): boolean;
}

/** Where nothing is directed to anyone. */
export const undirected: SaidStates = {
  of: (report) => saidState(report, new Map()),
  isCertain: () => true,
};
