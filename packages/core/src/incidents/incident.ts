/** A cause that needs, or needed, a person. Times: milliseconds since 1970. */
export interface Incident {
  readonly state: 'open' | 'closed';
  /** When the first evidence began, as far as that is known. */
  readonly beganMs: number;
  readonly detectedMs: number;
  /** How many subjects show it now, and how many did at any time. */
  readonly holding: number;
  readonly subjects: number;
  /** When the last evidence ended; null: it holds. */
  readonly recoveredMs: number | null;
  readonly closedMs: number | null;
  /** Who closed it; null: evidence did, or it is open. */
  readonly closedBy: string | null;
  /** How often it came back after evidence had closed it. */
  readonly reopened: number;
  /** How many subjects showed it when that was last told, and when. */
  readonly told: number;
  readonly toldMs: number;
}

/** What is told of an incident, also to who subscribed to it. */
export type Telling = 'opened' | 'reopened' | 'grew' | 'recovered' | 'closed';

/** What became of its signs since the last look. */
export interface SignChange {
  /** When each that is new began. */
  readonly appearedMs: readonly number[];
  /** How many of those are of subjects that never showed it. */
  readonly newSubjects: number;
  /** When each that is over ended; one that appeared and ended within this change is in both. */
  readonly clearedMs: readonly number[];
}

/** One that comes back so soon after evidence closed it is the same. */
export const reopenWithinMs = 3_600_000;
const settleMs = 5 * 60_000;
const tellAgainMs = 3_600_000;

/** How long nothing may be seen of it before evidence closes it: longer each time that it came back. Pure. */
export const quietMs = ({ reopened }: Pick<Incident, 'reopened'>): number =>
  Math.min(reopenWithinMs, settleMs * 2 ** Math.min(reopened, 10));

/**
 * To which incident new signs of a cause belong. What a person closed stays closed: they have seen those signs, and
 * others are news. Pure.
 * @param newest of the same cause
 */
export function belongsTo(newest: Incident | null, nowMs: number): 'new' | 'same' {
  if (newest === null) return 'new';
  if (newest.state === 'open') return 'same';
  return newest.closedBy === null && nowMs - (newest.closedMs ?? 0) < reopenWithinMs ? 'same' : 'new';
}

/**
 * The incident after a change of its signs, and what is to be told. Pure. Null as `before`: it opens.
 * One that a person closed goes on to count what it has, and says nothing.
 */
export function afterSigns(
  before: Incident | null,
  { appearedMs, newSubjects, clearedMs }: SignChange,
  nowMs: number,
): { readonly incident: Incident; readonly tellings: readonly Telling[] } {
  const begin = before ?? begun(appearedMs, nowMs);
  const peak = begin.holding + appearedMs.length;
  const holding = Math.max(0, peak - clearedMs.length);
  const counted = { ...begin, holding, subjects: begin.subjects + newSubjects };
  if (begin.state === 'closed' && (begin.closedBy !== null || appearedMs.length === 0)) {
    const hasRecovered = holding === 0 && begin.recoveredMs === null && clearedMs.length > 0;
    return { incident: { ...counted, ...(hasRecovered ? { recoveredMs: nowMs } : {}) }, tellings: [] };
  }
  const tellings: Telling[] = [];
  if (before === null) tellings.push('opened');
  else if (begin.state === 'closed') tellings.push('reopened');
  else if (appearedMs.length > 0 && hasGrown(begin, peak, nowMs)) tellings.push('grew');
  const open: Incident = {
    ...counted,
    state: 'open',
    closedMs: null,
    reopened: begin.reopened + (begin.state === 'closed' ? 1 : 0),
    recoveredMs: appearedMs.length > 0 ? null : begin.recoveredMs,
    ...(tellings.length > 0 ? { told: peak, toldMs: nowMs } : {}),
  };
  if (holding > 0 || clearedMs.length === 0) return { incident: open, tellings };
  const lastMs = clearedMs.reduce((last, ms) => Math.max(last, ms), open.beganMs);
  return {
    incident: { ...open, recoveredMs: Math.min(nowMs, lastMs) },
    tellings: [...tellings, 'recovered'],
  };
}

function begun(appearedMs: readonly number[], nowMs: number): Incident {
  return {
    state: 'open',
    beganMs: appearedMs.reduce((first, ms) => Math.min(first, ms), nowMs),
    detectedMs: nowMs,
    holding: 0,
    subjects: 0,
    recoveredMs: null,
    closedMs: null,
    closedBy: null,
    reopened: 0,
    told: 0,
    toldMs: nowMs,
  };
}

/** A storm is told a few times, not once for each host; a trickle once an hour. */
function hasGrown({ told, toldMs }: Incident, peak: number, nowMs: number): boolean {
  return peak >= 2 * Math.max(1, told) || (peak > told && nowMs - toldMs >= tellAgainMs);
}

/** Whether evidence closes it now: nothing holds, and nothing was seen for long enough. Pure. */
export function isOver(incident: Incident, nowMs: number): boolean {
  const { state, holding, recoveredMs } = incident;
  if (state !== 'open' || holding > 0 || recoveredMs === null) return false;
  return nowMs - recoveredMs >= quietMs(incident);
}

/** Seconds from the beginning to the detection, and to the recovery; null: not yet. */
export function timesOf({
  beganMs,
  detectedMs,
  recoveredMs,
}: Pick<Incident, 'beganMs' | 'detectedMs' | 'recoveredMs'>): {
  readonly toDetect: number;
  readonly toRecover: number | null;
} {
  const seconds = (ms: number): number => Math.max(0, Math.round((ms - beganMs) / 1000));
  return { toDetect: seconds(detectedMs), toRecover: recoveredMs === null ? null : seconds(recoveredMs) };
}
