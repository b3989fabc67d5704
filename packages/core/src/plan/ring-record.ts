import { difference, type Replayed } from '../deployment/record.ts';
import { sha256 } from '../hashing.ts';
import type { Digest } from '../ids.ts';
import { jcs } from '../jcs.ts';
import {
  lookAtRing,
  type RingLook,
  type RingMember,
  type RingRules,
  type RingState,
  ringBegun,
  waivedRing,
} from './ring.ts';

/** What was found of a ring once, and what had changed of what was known since the record before (docs/spec/plans.md). */
interface RingRecord {
  readonly format: 'xylem-ring-evidence-1';
  /** Of the record before; null in the first. */
  readonly before: Digest | null;
  readonly number: number;
  readonly now: number;
  readonly rules: RingRules;
  readonly silentAfterMs: number;
  /** Where it is not what the record before left: after somebody's word. */
  readonly state?: RingState;
  readonly members: readonly RingMember[];
  readonly said: Pick<RingLook, 'state' | 'marks' | 'outcome' | 'verdict' | 'reason'>;
}

/** What records of a ring leave behind. */
export interface RecordedRing {
  readonly digest: Digest | null;
  readonly number: number;
  /** JCS. */
  readonly state: string;
  /** JCS by environment. */
  readonly members: ReadonlyMap<string, string>;
}

const text = (value: unknown): string => jcs(value);

export const noRingRecorded: RecordedRing = {
  digest: null,
  number: 0,
  state: text(ringBegun),
  members: new Map(),
};

/** The bytes of the next record. The arguments are those of `lookAtRing`, and what it said. */
export function ringRecordText(
  recorded: RecordedRing,
  given: {
    readonly rules: RingRules;
    readonly state: RingState;
    readonly members: readonly RingMember[];
    readonly now: number;
    readonly silentAfterMs: number;
  },
  { state: next, marks, outcome, verdict, reason }: RingLook,
): string {
  const { rules, state, members, now, silentAfterMs } = given;
  const record: RingRecord = {
    format: 'xylem-ring-evidence-1',
    before: recorded.digest,
    number: recorded.number + 1,
    now,
    rules,
    silentAfterMs,
    ...(text(state) === recorded.state ? {} : { state }),
    members: members.filter((one) => recorded.members.get(one.environment) !== text(one)),
    said: { state: next, marks, outcome, verdict, reason },
  };
  return text(record);
}

/** What is known after a record. */
export function afterRingRecord(recorded: RecordedRing, bytes: string): RecordedRing {
  const { number, members, said } = JSON.parse(bytes) as RingRecord;
  const known = new Map(recorded.members);
  for (const one of members) known.set(one.environment, text(one));
  return { digest: sha256(bytes), number, state: text(said.state), members: known };
}

/**
 * Looks again by a record. All but the sentence must be the same byte for byte.
 * @returns where it differs, a sentence, or what is known after it
 */
export function replayedRing(recorded: RecordedRing, bytes: string): Replayed<RecordedRing> | string {
  const record = JSON.parse(bytes) as RingRecord;
  const name = `Record ${record.number}`;
  if (text(record) !== bytes) return `${name} is not written as records are.`;
  if (record.before !== recorded.digest || record.number !== recorded.number + 1)
    return `${name} does not follow the one before it: that was changed, or is missing.`;
  const after = afterRingRecord(recorded, bytes);
  const state = record.state ?? (JSON.parse(recorded.state) as RingState);
  const members = [...after.members.values()].map((one) => JSON.parse(one) as RingMember);
  const again = lookAtRing(record.rules, state, members, record.now, record.silentAfterMs);
  const [was, is] = [record.said, again].map(({ state: next, marks, outcome, verdict }) =>
    text({ state: next, marks, outcome, verdict }),
  );
  if (was !== is) return `${name}: ${difference(was ?? '', is ?? '')}`;
  return { after, worded: record.said.reason === again.reason ? 'same' : 'otherwise' };
}

/**
 * Whether a ring stands where its last record left it, but for a person's word to go on: else a record is missing.
 * @param state JSON
 */
export function standsAfter({ state: left }: RecordedRing, state: string): boolean {
  const present = text(JSON.parse(state));
  return present === left || present === text(waivedRing(JSON.parse(left) as RingState));
}
