import {
  type AdvancePolicy,
  courseOf,
  type Deployment,
  type HostEvidence,
  type HostId,
  labelOf,
  type Report,
  timeMs,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import type { HostRecord, PlacedHost } from '../hosts/host-rows.ts';
import type { DeploymentWays } from '../transitions/paths.ts';
import { type HeardReport, ReportReader, reportRows, selectReports } from './heard-report.ts';
import { sinceRetry } from './host-words.ts';
import { type HostMark, hostMarks } from './rows.ts';
import { type Parts, partsOf } from './taking-part.ts';

/** What an admitted host may take without a word before it counts as silent: it reports each change of its state. */
export const silentAfterMs = 15 * 60_000;
const offlinePeriods = 3;

/** The environment's policy in the terms of core's `advance`. */
export function advancePolicyOf(reportEverySeconds: number): AdvancePolicy {
  return { offlineAfterMs: offlinePeriods * reportEverySeconds * 1000, silentAfterMs };
}

/** What an environment's hosts have reported, and when relays last saw them. */
export interface Heard {
  readonly reports: ReadonlyMap<string, Own>;
  readonly seen: ReadonlyMap<string, number>;
}

/** A host's newest report. */
interface Own {
  readonly report: HeardReport;
  readonly receivedMs: number;
}

/** Of more hosts than these all of the environment are read. */
const mostNamed = 500;

/** @param only the hosts that are asked about; absent: all */
export async function heardIn(
  db: Database,
  environment: string,
  nowMs: number,
  only?: readonly string[],
): Promise<Heard> {
  const reader = new ReportReader();
  const reports = new Map<string, Own>();
  const seen = new Map<string, number>();
  const rows =
    only === undefined || only.length > mostNamed
      ? reportRows(db, environment)
      : await selectReports(db, environment)
          .where((e) => e.or([e('h.serve', '=', 1), e('r.host', 'in', only)]))
          .execute();
  for await (const row of rows) {
    const { host, heard_ms: receivedMs, serve } = row;
    const { report, serves } = reader.read(row);
    reports.set(host, { report, receivedMs });
    if (serve === 1) noteSeen(seen, childrenSeen(serves), nowMs);
  }
  return { reports, seen };
}

/** What says who is to be asked, before any report is read. */
export type Place = Pick<HostEvidence, 'id' | 'admittedAt' | 'held' | 'stratum'>;

/**
 * What the hosts of an environment say about a deployment: their own newest reports, and relays' words about them.
 * @param heard of the deployment's environment, where it is at hand: reading it costs most of this
 * @param concerns of others nothing is read
 */
export async function evidenceOf(
  db: Database,
  deployment: Deployment,
  hosts: readonly HostRecord[],
  nowMs: number,
  {
    heard,
    concerns = () => true,
  }: { readonly heard?: Heard; readonly concerns?: (place: Place) => boolean } = {},
): Promise<HostEvidence[]> {
  const marks = await hostMarks(db, deployment.id);
  const asked = hosts
    .map((host) => ({ host, mark: marks.get(host.id as HostId) }))
    .filter(({ host, mark }) => isHeardOut(host, mark) && concerns(placeOf(deployment, host, mark)));
  if (asked.length === 0) return [];
  const parts = await partsOf(db, deployment);
  const ids = asked.map(({ host }) => host.id);
  const { reports, seen } = heard ?? (await heardIn(db, deployment.environment, nowMs, ids));
  return asked.map(({ host, mark }) => {
    const own = reports.get(host.id);
    const lastSeen = lastSeenOf(host.joinedMs, own?.receivedMs, seen.get(host.id));
    return hostEvidence(deployment, parts, host, mark, own, lastSeen);
  });
}

/** One that is watched and was retired since is heard out: it leaves. */
export const isHeardOut = ({ retired }: Pick<PlacedHost, 'retired'>, mark: HostMark | undefined): boolean =>
  !retired || (mark?.watched ?? null) !== null;

/** Joining is a sign of life too. */
export const lastSeenOf = (joinedMs: number, reportedMs = 0, seenMs = 0): number =>
  Math.max(reportedMs, seenMs, joinedMs);

/** What one host says about a deployment. */
export function hostEvidence(
  deployment: Deployment,
  parts: Parts,
  host: PlacedHost,
  mark: HostMark | undefined,
  own: Own | undefined,
  lastSeen: number,
): HostEvidence {
  const isJudged = courseOf(deployment.strategy) !== null;
  const lastReport = own?.receivedMs ?? null;
  const { components } = parts.of(host, own?.report);
  return {
    ...placeOf(deployment, host, mark),
    components,
    ...(isJudged
      ? {
          doneAt: mark?.doneAt ?? null,
          failedAt: mark?.failedAt ?? null,
          watched: mark?.watched ?? null,
        }
      : failedBefore(mark)),
    ...((mark?.skipped ?? null) === null ? {} : { skipped: true as const }),
    keptBack: isKeptBack(components, own?.report),
    lastReport,
    ...(isJudged && promises(deployment, own?.report) ? { promised: true as const } : {}),
    lastSeen,
    reported: refusingOnTheWay(
      deployment,
      parts.ways,
      sinceRetry(own?.report.components ?? [], mark?.retried ?? null, lastReport),
    ),
  };
}

function placeOf({ strategy }: Deployment, host: PlacedHost, mark: HostMark | undefined): Place {
  const label = labelOf(strategy);
  return {
    id: host.id as HostId,
    admittedAt: mark?.admittedAt ?? null,
    held: mark?.held ?? false,
    ...(label === undefined ? {} : { stratum: stratumOf(host, label) }),
  };
}

/** What is not judged marks no failures by itself: people who skip a host, or let it try again, do. */
const failedBefore = (mark: HostMark | undefined): Pick<HostEvidence, 'failedAt'> =>
  (mark?.failedAt ?? null) === null ? {} : { failedAt: mark?.failedAt ?? null };

function stratumOf({ labels }: PlacedHost, label: string): string | null {
  return (Object.hasOwn(labels, label) ? labels[label] : undefined) ?? null;
}

/** Who refused a release on the way refused the one that it leads to. */
function refusingOnTheWay(
  { components }: Deployment,
  ways: DeploymentWays | null,
  reported: HostEvidence['reported'],
): HostEvidence['reported'] {
  if (ways === null || ways.passes.size === 0) return reported;
  return reported.map((one) => {
    const to = components[one.component]?.to ?? null;
    const { refused } = one;
    const isPass = refused !== undefined && ways.passes.get(one.component)?.has(refused.package) === true;
    return isPass && to !== null ? { ...one, refused: { ...refused, package: to } } : one;
  });
}

function promises({ components }: Deployment, report: HeardReport | undefined): boolean {
  return (report?.components ?? []).some(
    ({ component, package: digest, again }) => again !== undefined && components[component]?.to === digest,
  );
}

const keepingBack: ReadonlySet<string> = new Set([
  'E_OUTSIDE_WINDOW',
  'E_FROZEN',
  'E_QUOTA',
  'E_LOCKED',
  'E_MIGRATION_PENDING',
]);

function isKeptBack(components: readonly string[], report: HeardReport | undefined): boolean {
  return (report?.waiting ?? []).some(
    ({ component, code }) => component !== null && components.includes(component) && keepingBack.has(code),
  );
}

/** Hints, never verdicts; a relay whose clock is ahead can't make a host more alive than now. */
function noteSeen(seen: Map<string, number>, children: ReadonlyMap<string, number>, nowMs: number): void {
  for (const [host, lastSeen] of children)
    seen.set(host, Math.max(seen.get(host) ?? 0, Math.min(lastSeen, nowMs)));
}

/** When a relay saw its children last, by its own clock. */
export const childrenSeen = (serves: Report['serves']): ReadonlyMap<string, number> =>
  new Map((serves?.children ?? []).map(({ host, lastSeen }) => [host, timeMs(lastSeen)]));
