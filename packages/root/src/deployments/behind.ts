import { behindOf, type Laggard, timeMs, timeOf, type WayOfHost } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import type { HostRecord } from '../hosts/host-rows.ts';
import { pinWords } from '../hosts/pins.ts';
import { installedOf } from '../transitions/graph.ts';
import type { HeardReport } from './heard-report.ts';
import type { SkipWord } from './host-words.ts';
import type { Fleet, judge } from './judge.ts';
import { hostMarks } from './rows.ts';
import { type Parts, partsOf } from './taking-part.ts';

export interface HostBehind extends Laggard, Pick<HostRecord, 'id' | 'name' | 'labels'> {
  readonly lastSeen: number | null;
}

/** Everyone who is not where a deployment wants it by what is known at this moment. */
export async function findBehind(
  db: Database,
  {
    deployment,
    evidence,
    policy,
  }: Pick<Awaited<ReturnType<typeof judge>>, 'deployment' | 'evidence' | 'policy'>,
  { hosts, heard }: Fleet,
  nowMs: number,
): Promise<HostBehind[]> {
  const parts = await partsOf(db, deployment);
  const marks = await hostMarks(db, deployment.id);
  const known = new Map(hosts.map((host) => [host.id, host]));
  return evidence.flatMap((own): HostBehind[] => {
    const host = known.get(own.id);
    if (host === undefined) return [];
    const report = heard.reports.get(host.id)?.report;
    const { components: _, pinned, ...part } = parts.of(host, report);
    const laggard = behindOf(
      deployment,
      {
        ...part,
        evidence: own,
        waiting: report?.waiting ?? [],
        facts: report?.facts,
        skipped: skipText(marks.get(own.id)?.skipped ?? null),
        pinned: Object.fromEntries(pinned.map((name) => [name, pinText(host, name)])),
        way: wayOfHost(parts, deployment.product, report),
      },
      nowMs,
      policy,
    );
    if (laggard === null) return [];
    return [{ ...laggard, id: host.id, name: host.name, labels: host.labels, lastSeen: own.lastSeen }];
  });
}

const skipText = (skip: SkipWord | null): string | null =>
  skip === null ? null : `${skip.by} skipped it at ${timeOf(skip.sinceMs)}: ${skip.reason}`;

function pinText({ pinned }: HostRecord, component: string): string {
  const pin = pinned[component];
  return pin === undefined ? '' : pinWords({ [component]: pin }).join();
}

function wayOfHost({ ways }: Parts, product: string, report: HeardReport | undefined): WayOfHost | null {
  if (ways === null || ways.waypoints.length === 0) return null;
  const { installed, way } = ways.to(installedOf(report, product).values());
  const came = (report?.components ?? []).flatMap((one) =>
    one.product === product ? [timeMs(one.since)] : [],
  );
  const isWaypoint = installed !== null && ways.waypoints.includes(installed);
  return { installed, isWaypoint, since: Math.max(0, ...came), way };
}
