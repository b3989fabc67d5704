import { sha256 } from '../hashing.ts';
import type { Digest } from '../ids.ts';
import { jcs } from '../jcs.ts';
import type { AfterWatch } from './after.ts';
import { type AfterEvidence, type AfterHost, type LookedAfter, lookAfterBy } from './after-look.ts';
import { difference, type HostsSince, hostsAfter, hostsSince, type Replayed } from './record.ts';

/** What of the evidence stands in the first record, and then where it is not what it was. */
interface Standing {
  readonly deployment: AfterEvidence['deployment'];
  readonly watch: AfterWatch;
  /** Of `AfterEvidence`. */
  readonly passed: AfterEvidence['before'];
}

/**
 * What a look at a deployment that had succeeded found once, and what had changed of what was known since the record
 * before (docs/spec/deployments.md).
 */
interface WatchRecord
  extends HostsSince<AfterHost>,
    Partial<Standing>,
    Pick<AfterEvidence, 'policy' | 'asked' | 'probes' | 'newer'> {
  readonly format: 'xylem-watch-evidence-1';
  /** Of the record before; in the first, of the last by which the deployment was decided, null where there is none. */
  readonly before: Digest | null;
  /** Counted from 1. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly said: LookedAfter;
}

const standingParts = ['deployment', 'watch', 'passed'] as const satisfies readonly (keyof Standing)[];

/** What records of a watch leave behind. */
export interface RecordedWatch {
  readonly digest: Digest | null;
  readonly number: number;
  /** JCS of `Standing`'s parts, the watch as the look left it; null before the first. */
  readonly standing: { readonly [K in keyof Standing]: string } | null;
  /** How the last look said that it stands. */
  readonly state: LookedAfter['look']['kind'];
  /** JCS by host. */
  readonly hosts: ReadonlyMap<string, string>;
}

/** @param digest of the last record by which the deployment was decided */
export const noWatchRecorded = (digest: Digest | null): RecordedWatch => ({
  digest,
  number: 0,
  standing: null,
  state: 'watching',
  hosts: new Map(),
});

/** Whether a look found something that is to be recorded: that it ends, or since when too many have failed. */
export const isToRecord = (watch: AfterWatch, { look }: LookedAfter): boolean =>
  look.kind !== 'watching' || look.watch.badSince !== watch.badSince;

/** The bytes of the next record. The arguments are those of `lookAfterBy`, and what it said. */
export function watchRecordText(
  recorded: RecordedWatch,
  watch: AfterWatch,
  { deployment, policy, hosts, before, asked, probes, newer }: AfterEvidence,
  now: number,
  said: LookedAfter,
): string {
  const { standing } = recorded;
  const record: WatchRecord = {
    format: 'xylem-watch-evidence-1',
    before: recorded.digest,
    number: recorded.number + 1,
    now,
    policy,
    asked,
    probes,
    ...(newer === undefined ? {} : { newer }),
    ...(standing?.deployment === text(deployment) ? {} : { deployment }),
    ...(standing?.watch === text(watch) ? {} : { watch }),
    ...(standing?.passed === text(before) ? {} : { passed: before }),
    ...hostsSince(
      recorded.hosts,
      [...hosts].sort((a, b) => (a.id < b.id ? -1 : 1)),
    ),
    said,
  };
  return text(record);
}

/** What is known after a record. */
export function afterWatchRecord(recorded: RecordedWatch, bytes: string): RecordedWatch {
  const record = JSON.parse(bytes) as WatchRecord;
  const { look } = record.said;
  const { deployment, watch, passed } = standingAt(recorded, record);
  return {
    digest: sha256(bytes),
    number: record.number,
    standing: {
      deployment: text(deployment),
      watch: text(look.kind === 'watching' ? look.watch : watch),
      passed: text(passed),
    },
    state: look.kind,
    hosts: hostsAfter(recorded.hosts, record),
  };
}

/**
 * Looks again by a record. All but the sentence must be the same byte for byte.
 * @returns where it differs, a sentence, or what is known after it
 */
export function replayedWatch(recorded: RecordedWatch, bytes: string): Replayed<RecordedWatch> | string {
  const record = JSON.parse(bytes) as WatchRecord;
  const name = `Record ${record.number} of the watch`;
  if (text(record) !== bytes) return `${name} is not written as records are.`;
  if (record.before !== recorded.digest || record.number !== recorded.number + 1)
    return `${name} does not follow the one before it: that was changed, or is missing.`;
  if (recorded.state !== 'watching') return `${name} comes after the watch had ended.`;
  if (recorded.standing === null && standingParts.some((part) => record[part] === undefined))
    return `${name} is the first there is, and does not say what was watched.`;
  const after = afterWatchRecord(recorded, bytes);
  const { deployment, watch, passed } = standingAt(recorded, record);
  const { policy, asked, probes, newer, now, said } = record;
  const hosts = [...after.hosts.values()].map((one) => JSON.parse(one) as AfterHost);
  const evidence = { deployment, policy, hosts, before: passed, asked, probes };
  const again = lookAfterBy(watch, { ...evidence, ...(newer === undefined ? {} : { newer }) }, now);
  const [was, is] = [text(withoutSentence(said)), text(withoutSentence(again))];
  if (was !== is) return `${name}: ${difference(was, is)}`;
  return { after, worded: text(said) === text(again) ? 'same' : 'otherwise' };
}

/**
 * Whether a watch stands where its last record left it: else a record is missing, or what stands was changed.
 * @param present its state, and its document (JSON)
 */
export function watchStandsAfter(
  { standing, state }: RecordedWatch,
  present: { readonly state: string; readonly document: string },
): boolean {
  return (
    present.state === state && (standing === null || text(JSON.parse(present.document)) === standing.watch)
  );
}

function standingAt({ standing }: RecordedWatch, record: WatchRecord): Standing {
  const known = (part: keyof Standing): never => JSON.parse(standing?.[part] ?? 'null') as never;
  return {
    deployment: record.deployment ?? known('deployment'),
    watch: record.watch ?? known('watch'),
    passed: record.passed ?? known('passed'),
  };
}

function withoutSentence({ look, ...said }: LookedAfter) {
  return { ...said, look: look.kind === 'watching' ? look : { kind: look.kind } };
}

const text = (value: unknown): string => jcs(value);
