import {
  definitionOf,
  type HostProbe,
  type HostWord,
  type Probe,
  parseSelector,
  probesFrom,
  selects,
  timeMs,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { advancePolicyOf, type Heard, heardIn } from '../deployments/evidence.ts';
import type { HeardReport } from '../deployments/heard-report.ts';
import { type HostRecord, hostsIn } from '../hosts/host-rows.ts';

interface Fleet {
  readonly hosts: readonly HostRecord[];
  readonly heard: Heard;
}

/** A probe with what the hosts that are to ask it say. */
export interface AskedOnHosts {
  readonly probe: Probe;
  readonly of: string;
  readonly words: readonly (HostWord & { readonly hostName: string })[];
}

/** As it is said to hosts. */
export function hostProbes(probes: readonly Probe[]): HostProbe[] {
  return probesFrom(probes, 'hosts').map(({ from: _from, ...probe }) => ({
    ...probe,
    of: definitionOf({ ...probe, from: 'hosts' }),
  }));
}

/** Reads the fleet only where there is such a probe. */
export async function askedIn(
  db: Database,
  environment: string,
  probes: readonly Probe[],
  reportEverySeconds: number,
  nowMs: number,
): Promise<AskedOnHosts[]> {
  if (probesFrom(probes, 'hosts').length === 0) return [];
  const fleet = {
    hosts: await hostsIn(db, [environment]),
    heard: await heardIn(db, environment, nowMs),
  };
  return askedOnHosts(fleet, probes, advancePolicyOf(reportEverySeconds).offlineAfterMs, nowMs);
}

/** Hosts that are retired or revoked, or only observe, are not to ask. */
export function askedOnHosts(
  { hosts, heard }: Fleet,
  probes: readonly Probe[],
  offlineAfterMs: number,
  nowMs: number,
): AskedOnHosts[] {
  const asking = hosts.filter(
    ({ id, retired, revoked }) =>
      !retired && revoked === null && heard.reports.get(id)?.report.observing === undefined,
  );
  return probesFrom(probes, 'hosts').map((probe) => {
    const selector = parseSelector(probe.where ?? '');
    const words = asking.filter((host) => selects(selector, host)).map((host) => wordOf(host, heard));
    return { probe, of: definitionOf(probe), words };
  });

  function wordOf({ id, name }: HostRecord, { reports, seen }: Heard): AskedOnHosts['words'][number] {
    const own = reports.get(id);
    const lastMs = Math.max(own?.receivedMs ?? 0, seen.get(id) ?? 0);
    return {
      host: id,
      hostName: name,
      isHeard: own !== undefined && nowMs - lastMs <= offlineAfterMs,
      changed: changedIn(own?.report),
      results: (own?.report.probes ?? []).map((result) => ({
        ...result,
        since: timeMs(result.since),
        at: timeMs(result.at),
      })),
    };
  }
}

const changedIn = (report: HeardReport | undefined): number =>
  Math.max(0, ...(report?.components ?? []).map(({ since }) => timeMs(since)));
