import type { Reparented as ReportedReparent } from '../wire/reparent.ts';

/** docs/spec/reparenting.md. */
export const reparentingStates = ['running', 'paused', 'returning', 'done', 'failed', 'cancelled'] as const;
export type ReparentingState = (typeof reparentingStates)[number];

export const reparentedStates = [
  'waiting',
  'trying',
  'moved',
  'failed',
  'unheard',
  'returning',
  'returned',
  'gone',
] as const;
export type ReparentedState = (typeof reparentedStates)[number];

/** What is kept of a reparenting, without its hosts. */
export interface Reparenting {
  readonly state: ReparentingState;
  /** As what it ends once all have come back; null: it does not go back. */
  readonly endsAs: 'failed' | 'cancelled' | null;
  /** Which hosts are told to go, and to come back, are told this. */
  readonly order: string;
  readonly backOrder: string;
  /** Batches that have begun. */
  readonly batch: number;
  /** How long the present batch, or the way back, has been waited for. */
  readonly waitedMs: number;
  readonly firstBatch: number;
  /** The most that may fail before all go back. */
  readonly mostFailed: number;
}

export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** A host of a reparenting as it is kept. */
export interface ReparentedHost {
  readonly host: string;
  /** Those of a lower rank go before all others, and must not fail. */
  readonly rank: number;
  readonly state: ReparentedState;
  readonly batch: number | null;
  /** The new ones, in order; empty: as it joined. */
  readonly parents: readonly string[];
  /** The former ones; empty: as it joined. */
  readonly from: readonly string[];
  readonly fault: Fault | null;
}

/** What is known of a host of a reparenting now. */
export interface HeardHost {
  /** The parent of its newest report. */
  readonly parent: string | null;
  readonly reparent: ReportedReparent | null;
  /** No report for three periods, or none ever. */
  readonly silent: boolean;
  /** Retired, revoked, or of another tenant. */
  readonly gone: boolean;
}

/** A host of it that changes, as it is from now on. */
export type HostStep = Pick<ReparentedHost, 'host' | 'state' | 'batch' | 'fault'>;

export interface ReparentingStep {
  readonly reparenting: Reparenting;
  readonly hosts: readonly HostStep[];
  /** What it waits for besides hosts; null: nothing. */
  readonly note: string | null;
}

const ended: ReadonlySet<ReparentingState> = new Set(['done', 'failed', 'cancelled']);
export const isReparentingOver = ({ state }: Pick<Reparenting, 'state'>): boolean => ended.has(state);

/** Whose entry of the host map says `reparent`, and by which of the two orders. */
export function saidOrder(
  { state }: Pick<ReparentedHost, 'state'>,
  { order, backOrder }: Pick<Reparenting, 'order' | 'backOrder'>,
): string | null {
  if (state === 'trying' || state === 'unheard') return order;
  return state === 'returning' ? backOrder : null;
}

/** Whether the host's entry of the host map names the new parents. */
export const hasNewParents = ({ state }: Pick<ReparentedHost, 'state'>): boolean =>
  state === 'trying' || state === 'unheard' || state === 'moved';

/** Addresses are compared without the slash at their end. */
export const sameParent = (url: string): string => url.replace(/\/+$/, '');

export const namesParent = (urls: readonly string[], url: string | null): boolean =>
  url !== null && urls.some((one) => sameParent(one) === sameParent(url));
