import {
  type ChangePolicy,
  isPassed,
  lifetimes,
  type Selectable,
  type Urgency,
  XylemError,
} from '@xylem/core';
import type { Moments } from '@xylem/core/windows';
import { formatTime } from '@xylem/platform';
import type { Reason } from '../converge/goal.ts';
import { begunWithin, type ChangeRecord } from './record.ts';

/** What direction says about the moment of a change, for this host. */
export interface DirectedMoments {
  readonly policy: ChangePolicy;
  /** When that direction was issued: no clock that is right says less. Milliseconds since 1970. */
  readonly issuedMs: number;
  readonly host: Selectable;
}

export interface Change {
  readonly component: string;
  /** What it leads to; null: its removal. */
  readonly version: string | null;
  /** Something of it was committed here. */
  readonly isInstalled: boolean;
  readonly urgency: Urgency;
  /** To a version that this host keeps from before. */
  readonly isReturn: boolean;
  /** It has touched what runs, and was cut off. */
  readonly isBegun: boolean;
}

/** Why a change may not begin now; `nextMs`: when that can be another, null: nobody knows. */
export interface Held extends Reason {
  readonly nextMs: number | null;
}

const hourMs = 3_600_000;

/** Whether a change may begin. Pure. @param moments null where direction says neither windows nor freezes */
export function judge(
  change: Change,
  { policy, issuedMs }: DirectedMoments,
  moments: Moments | XylemError | null,
  record: ChangeRecord,
  nowMs: number,
): Held | null {
  const isSetUp = !record.settled && !change.isInstalled;
  if (change.isBegun || change.isReturn || isSetUp) return null;
  const what = `${change.component} ${change.version ?? 'is to go, and'} waits`;
  const clock = clockFault(issuedMs, nowMs);
  if (clock !== null) return { code: 'E_CLOCK', message: `${what}: ${clock}`, nextMs: null };
  return byMoments(change, what, moments, nowMs) ?? byQuota(change, what, policy, record, nowMs);
}

function clockFault(issuedMs: number, nowMs: number): string | null {
  const clock = `the clock of this host says ${formatTime(nowMs)}, and`;
  if (nowMs < issuedMs - lifetimes.clockSkewMs)
    return `${clock} its direction was issued at ${formatTime(issuedMs)}. Windows and freezes can't be told by it; set it right (NTP).`;
  if (nowMs > issuedMs + lifetimes.directionTellsTimeMs)
    return `${clock} its direction is of ${formatTime(issuedMs)}, more than ${lifetimes.directionTellsTimeMs / (24 * hourMs)} days before. Set the clock right (NTP), or let the host hear its direction.`;
  return null;
}

function byMoments(
  change: Change,
  what: string,
  moments: Moments | XylemError | null,
  nowMs: number,
): Held | null {
  if (moments === null) return null;
  try {
    if (moments instanceof XylemError) throw moments;
    const found = moments.eligible(change.urgency, nowMs);
    if (found.kind === 'open') return null;
    const { name, nextMs } = found;
    const when =
      nextMs === null ? 'No moment is known at which it may begin' : `It begins at ${formatTime(nextMs)}`;
    const why =
      found.kind === 'frozen'
        ? `changes are frozen (${name}).`
        : `no window is open${name === null ? '' : ` (the next one is ${name})`}.`;
    const code = found.kind === 'frozen' ? 'E_FROZEN' : 'E_OUTSIDE_WINDOW';
    return { code, message: `${what}: ${why} ${when}.`, nextMs };
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    return { code: error.code, message: `${what}: ${error.message}`, nextMs: null };
  }
}

function byQuota(
  change: Change,
  what: string,
  { quota }: ChangePolicy,
  { begun }: ChangeRecord,
  nowMs: number,
): Held | null {
  if (quota === undefined || isPassed(change.urgency, { kind: 'quotas' })) return null;
  const own = begunWithin(begun, nowMs, quota.hours * hourMs).filter(
    ({ component }) => component === change.component,
  );
  const first = own.at(-quota.changes);
  if (first === undefined) return null;
  const nextMs = first.atMs + quota.hours * hourMs;
  const message = `${what}: it was changed ${own.length} times within ${quota.hours} hours, and may be ${quota.changes} times. It begins at ${formatTime(nextMs)}.`;
  return { code: 'E_QUOTA', message, nextMs };
}
