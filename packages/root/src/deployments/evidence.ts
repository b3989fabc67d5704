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
  readonly reports: ReadonlyMap<string, { readonly report: Report; readonly receivedMs: number }>;
  readonly seen: ReadonlyMap<string, number>;
}

export async function heardIn(db: Database, environment: string, nowMs: number): Promise<Heard> {
  const rows = await db
    .selectFrom('reports as r')
    .innerJoin('hosts as h', 'h.id', 'r.host')
    .select(['r.host', 'r.document', 'r.received_ms', 'h.serve'])
    .where('r.environment', '=', environment)
    .execute();
  const reports = new Map<string, { report: Report; receivedMs: number }>();
  const relays: Report[] = [];
  for (const { host, document, received_ms: receivedMs, serve } of rows) {
    const report = JSON.parse(document) as Report;
    reports.set(host, { report, receivedMs });
    if (serve === 1) relays.push(report);
  }
  return { reports, seen: lastSeenByRelays(relays, nowMs) };
}

/**
 * What the hosts of an environment say about a deployment: their own newest reports, and relays' words about them.
 * @param heard of the deployment's environment, where it is at hand: reading it costs most of this
 */
export async function evidenceOf(
  db: Database,
  deployment: Deployment,
  hosts: readonly HostRecord[],
  nowMs: number,
  heard?: Heard,
): Promise<HostEvidence[]> {
  const parts = await partsOf(db, deployment);
  const marks = await hostMarks(db, deployment.id);
  const { reports, seen } = heard ?? (await heardIn(db, deployment.environment, nowMs));
  return hosts
    .map((host) => ({ host, mark: marks.get(host.id as HostId) }))
    .filter(({ host, mark }) => isHeardOut(host, mark))
    .map(({ host, mark }) => {
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
  own: { readonly report: Report; readonly receivedMs: number } | undefined,
  lastSeen: number,
): HostEvidence {
  const label = labelOf(deployment.strategy);
  const isJudged = courseOf(deployment.strategy) !== null;
  const lastReport = own?.receivedMs ?? null;
  const { components } = parts.of(host, own?.report);
  return {
    id: host.id as HostId,
    components,
    admittedAt: mark?.admittedAt ?? null,
    held: mark?.held ?? false,
    ...(label === undefined ? {} : { stratum: stratumOf(host, label) }),
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

function promises({ components }: Deployment, report: Report | undefined): boolean {
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

function isKeptBack(components: readonly string[], report: Report | undefined): boolean {
  return (report?.waiting ?? []).some(
    ({ component, code }) => component !== null && components.includes(component) && keepingBack.has(code),
  );
}

/** Hints, never verdicts; a relay whose clock is ahead can't make a host more alive than now. */
function lastSeenByRelays(reports: readonly Report[], nowMs: number): Map<string, number> {
  const seen = new Map<string, number>();
  for (const report of reports)
    for (const [host, lastSeen] of childrenSeen(report))
      seen.set(host, Math.max(seen.get(host) ?? 0, Math.min(lastSeen, nowMs)));
  return seen;
}

/** When a relay saw its children last, by its own clock. */
export const childrenSeen = ({ serves }: Report): ReadonlyMap<string, number> =>
  new Map((serves?.children ?? []).map(({ host, lastSeen }) => [host, timeMs(lastSeen)]));
