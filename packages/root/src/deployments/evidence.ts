import {
  type AdvancePolicy,
  courseOf,
  type Deployment,
  type HostEvidence,
  type HostId,
  labelOf,
  mappingOf,
  mayFit,
  parseSelector,
  type Report,
  type Selector,
  selects,
  timeMs,
} from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Database } from '../db/tables.ts';
import { fullName } from '../environments/names.ts';
import type { HostRecord } from '../hosts/host-rows.ts';
import { installedOf } from '../transitions/graph.ts';
import { type DeploymentWays, deploymentWays } from '../transitions/paths.ts';
import { leavingOut } from './demanding.ts';
import { sinceRetry } from './host-words.ts';
import { type HostMark, hostMarks } from './rows.ts';

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
  const selectors = await selectorsOf(db, deployment);
  const demanding = await leavingOut(db, deployment);
  const ways = await deploymentWays(db, deployment);
  const marks = await hostMarks(db, deployment.id);
  const label = labelOf(deployment.strategy);
  const isJudged = courseOf(deployment.strategy) !== null;
  const { reports, seen } = heard ?? (await heardIn(db, deployment.environment, nowMs));
  return (
    hosts
      // One that is watched and was retired since is heard out: it leaves.
      .filter((host) => !host.retired || (marks.get(host.id as HostId)?.watched ?? null) !== null)
      .map((host) => {
        const id = host.id as HostId;
        const own = reports.get(host.id);
        const mark = marks.get(id);
        const selectable = { id: host.id, name: host.name, labels: host.labels };
        const lastReport = own?.receivedMs ?? null;
        // Joining is a sign of life too.
        const lastSeen = Math.max(lastReport ?? 0, seen.get(host.id) ?? 0, host.joinedMs);
        const isShut = ways?.isShut(installedOf(own?.report, deployment.product).values()) ?? false;
        const components = [...(isShut ? [] : selectors)]
          .filter(
            ([name, selector]) =>
              !host.retired &&
              (host.kept[name]?.deployment === deployment.id || selects(selector, selectable)),
          )
          .map(([name]) => name)
          // An operator's pin keeps it out of every deployment.
          .filter((name) => !Object.hasOwn(host.pinned, name))
          .filter((name) => {
            const document = demanding.get(name);
            const mayCome = document === undefined || mayFit(document, own?.report.facts);
            return mayCome && !isOnlyObserved(name, own?.report);
          });
        return {
          id,
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
            ways,
            sinceRetry(own?.report.components ?? [], mark?.retried ?? null, lastReport),
          ),
        };
      })
  );
}

/** What is not judged marks no failures by itself: people who skip a host, or let it try again, do. */
const failedBefore = (mark: HostMark | undefined): Pick<HostEvidence, 'failedAt'> =>
  (mark?.failedAt ?? null) === null ? {} : { failedAt: mark?.failedAt ?? null };

function stratumOf({ labels }: HostRecord, label: string): string | null {
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

/** What an observing host has not adopted is neither waited for nor counted. */
export function isOnlyObserved(component: string, report: Report | undefined): boolean {
  return report?.observing !== undefined && report.components.every((one) => one.component !== component);
}

/** The selector of each of the deployment's components, as the environment maps it now. */
async function selectorsOf(db: Database, deployment: Deployment): Promise<Map<string, Selector>> {
  const row = await db
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', deployment.environment)
    .executeTakeFirstOrThrow();
  const spec = parseEnvironmentYaml(row.yaml, fullName(row));
  const mapping = Object.hasOwn(spec.products, deployment.product)
    ? spec.products[deployment.product]
    : undefined;
  const selectors = new Map<string, Selector>();
  for (const component of Object.keys(deployment.components)) {
    const mapped = mapping === undefined ? undefined : mappingOf(mapping, component);
    if (mapped !== undefined) selectors.set(component, parseSelector(mapped.where));
  }
  return selectors;
}

/** Hints, never verdicts; a relay whose clock is ahead can't make a host more alive than now. */
function lastSeenByRelays(reports: readonly Report[], nowMs: number): Map<string, number> {
  const seen = new Map<string, number>();
  for (const { serves } of reports) {
    for (const { host, lastSeen } of serves?.children ?? []) {
      seen.set(host, Math.max(seen.get(host) ?? 0, Math.min(timeMs(lastSeen), nowMs)));
    }
  }
  return seen;
}
