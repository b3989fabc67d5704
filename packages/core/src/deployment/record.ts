import { sha256 } from '../hashing.ts';
import type { Digest, HostId } from '../ids.ts';
import { jcs } from '../jcs.ts';
import { advance } from './advance.ts';
import { applyDecisions } from './apply.ts';
import type { Advance, AdvancePolicy, Deployment, HostEvidence } from './deployment.ts';
import type { Figures } from './figures.ts';
import type { TrafficEvidence } from './groups.ts';

/** What was decided once, and what had changed of what was known since the record before (docs/spec/deployments.md). */
export interface EvidenceRecord extends HostsSince<HostEvidence> {
  readonly format: 'xylem-deployment-evidence-1';
  /** Of the record before; null in the first. */
  readonly before: Digest | null;
  /** What `Deployment.decided` is after it. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly policy: AdvancePolicy;
  /** What sources had said, where something was asked of them. */
  readonly figures?: Figures;
  /** What was known of its traffic, where it goes by that. */
  readonly traffic?: TrafficEvidence;
  /** The deployment where it is not what the record before made of it: in the first, and after people's acts. */
  readonly deployment?: Deployment;
  readonly said: Pick<Advance, 'decisions' | 'verdict' | 'reason'>;
}

/** What records leave behind: from what the next one says the differences. */
export interface Recorded {
  readonly digest: Digest | null;
  readonly number: number;
  /** JCS of the deployment after it; null before the first. */
  readonly deployment: string | null;
  /** JCS by host. */
  readonly hosts: ReadonlyMap<string, string>;
}

export const nothingRecorded: Recorded = { digest: null, number: 0, deployment: null, hosts: new Map() };

/** As much of the evidence as a decision reads: the reports of the deployment's own components. */
export function evidenceFor(
  deployment: Deployment,
  evidence: readonly HostEvidence[],
): readonly HostEvidence[] {
  return evidence.map((host) => ({
    ...host,
    reported: host.reported
      .filter(({ component }) => Object.hasOwn(deployment.components, component))
      .map(({ component, package: digest, state, healthy, refused }) => ({
        component,
        package: digest,
        state,
        healthy,
        ...(refused === undefined ? {} : { refused }),
      })),
  }));
}

/** The next record. `deployment` and `evidence` are what was given to `advance`, `said` what it said. */
export function recordOf(
  recorded: Recorded,
  deployment: Deployment,
  evidence: readonly HostEvidence[],
  now: number,
  policy: AdvancePolicy,
  { decisions, verdict, reason }: EvidenceRecord['said'],
  { figures, traffic }: Pick<EvidenceRecord, 'figures' | 'traffic'> = {},
): EvidenceRecord {
  return {
    format: 'xylem-deployment-evidence-1',
    before: recorded.digest,
    number: (deployment.decided ?? 0) + 1,
    now,
    policy,
    ...(figures === undefined ? {} : { figures }),
    ...(traffic === undefined ? {} : { traffic }),
    ...(text(deployment) === recorded.deployment ? {} : { deployment }),
    ...hostsSince(recorded.hosts, evidence),
    said: { decisions, verdict, reason },
  };
}

/** A record's words about hosts: those of which something is known that was not, and those that are known no more. */
export interface HostsSince<Host> {
  readonly hosts: readonly Host[];
  readonly gone: readonly HostId[];
}

/** @param known JCS by host, as the record before left it */
export function hostsSince<Host extends { readonly id: HostId }>(
  known: ReadonlyMap<string, string>,
  hosts: readonly Host[],
): HostsSince<Host> {
  const present = new Set<string>(hosts.map(({ id }) => id));
  return {
    hosts: hosts.filter((host) => known.get(host.id) !== text(host)),
    gone: [...known.keys()].filter((id) => !present.has(id)) as HostId[],
  };
}

/** What is known of hosts after a record. @returns JCS by host */
export function hostsAfter<Host extends { readonly id: HostId }>(
  known: ReadonlyMap<string, string>,
  { hosts, gone }: HostsSince<Host>,
): ReadonlyMap<string, string> {
  const after = new Map(known);
  for (const id of gone) after.delete(id);
  for (const host of hosts) after.set(host.id, text(host));
  return after;
}

/** The bytes of a record, which its digest is of. */
export const recordText = (record: EvidenceRecord): string => text(record);

/** What is known after a record. */
export function afterRecord(recorded: Recorded, record: EvidenceRecord): Recorded {
  const { deployment, hosts } = stateAt(recorded, record);
  return {
    digest: sha256(text(record)),
    number: record.number,
    deployment: text(applyDecisions(deployment, record.said.decisions)),
    hosts,
  };
}

export interface Replayed<After = Recorded> {
  readonly after: After;
  /** Whether only sentences differ: what it says for people is worded by the version that decided. */
  readonly worded: 'same' | 'otherwise';
}

/**
 * Decides again by a record. Decisions and verdict must be the same byte for byte, but for their sentences.
 * @returns where it differs, a sentence, or what is known after it
 */
export function replayed(recorded: Recorded, bytes: string): Replayed | string {
  const record = JSON.parse(bytes) as EvidenceRecord;
  const name = `Record ${record.number}`;
  if (text(record) !== bytes) return `${name} is not written as records are.`;
  if (record.before !== recorded.digest)
    return `${name} does not follow the one before it: that was changed, or is missing.`;
  if (record.deployment === undefined && recorded.deployment === null)
    return `${name} is the first there is, and does not say what the deployment was.`;
  const { deployment, hosts } = stateAt(recorded, record);
  if ((deployment.decided ?? 0) + 1 !== record.number)
    return `${name} does not follow the state that it was made from.`;
  const evidence = [...hosts.values()].map((one) => JSON.parse(one) as HostEvidence);
  const { decisions, verdict, reason } = advance(
    deployment,
    evidence,
    record.now,
    record.policy,
    record.figures,
    record.traffic,
  );
  const again = { decisions, verdict, reason };
  const differs = differenceOf(record.said, again);
  if (differs !== null) return `${name}: ${differs}`;
  const worded = text(again) === text(record.said) ? 'same' : 'otherwise';
  return { after: afterRecord(recorded, record), worded };
}

/** Where decisions and verdict differ, a sentence; null: nowhere, but for how they are worded. */
export function differenceOf(was: Said, again: Said): string | null {
  const [one, other] = [text(withoutProse(was)), text(withoutProse(again))];
  return one === other ? null : difference(one, other);
}

type Said = Pick<Advance, 'decisions' | 'verdict'>;

/** What was decided. Of a sentence only whether there is one: a canary's says that a step begins. */
function withoutProse({ decisions, verdict }: Said) {
  return {
    verdict,
    decisions: decisions.map((one) =>
      'reason' in one ? { ...one, reason: one.reason === null ? null : '' } : one,
    ),
  };
}

function stateAt(recorded: Recorded, record: EvidenceRecord) {
  const hosts = hostsAfter(recorded.hosts, record);
  const deployment = record.deployment ?? (JSON.parse(recorded.deployment ?? '{}') as Deployment);
  return { deployment, hosts };
}

/** The first place where two texts differ, with what stands around it. */
export function difference(was: string, again: string): string {
  let at = 0;
  while (at < was.length && was[at] === again[at]) at += 1;
  const around = (whole: string): string => whole.slice(Math.max(0, at - 40), at + 80);
  return `recorded was …${around(was)}…, and decided again it is …${around(again)}… (byte ${at}).`;
}

const text = (value: unknown): string => jcs(value);
