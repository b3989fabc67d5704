import {
  assignmentsFor,
  type Balancer,
  type DesiredState,
  type HostId,
  parseDesiredState,
  type TrafficStanding,
  trafficStanding,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { type Heard, heardIn } from '../deployments/evidence.ts';
import type { HeardReport } from '../deployments/heard-report.ts';
import { entryOf } from '../directing/compose.ts';
import type { EnvironmentRow } from '../environments/names.ts';
import { type HostRecord, hostsIn } from '../hosts/host-rows.ts';
import { silentAfterMs } from '../hosts/view.ts';
import { type Serving, servingOf } from './rows.ts';

/** What standings of one environment are read from. */
export interface Balancing {
  readonly state: DesiredState | null;
  readonly hosts: readonly HostRecord[];
  readonly heard: Heard;
}

/**
 * Whether the balancers send a product's traffic where it should go: by the reports of those hosts, against what
 * direction says to them.
 * @param heard of the environment, where it is at hand: reading it costs most of this
 * @throws XylemError E_INPUT: the product has no switch there
 */
export async function standingOf(
  db: Database,
  environment: EnvironmentRow,
  product: string,
  nowMs: number,
  heard?: Heard,
): Promise<TrafficStanding> {
  const is = await servingOf(db, environment, product);
  return standingIn(await balancingIn(db, environment.id, nowMs, heard), is, nowMs);
}

export async function balancingIn(
  db: Database,
  environment: string,
  nowMs: number,
  heard?: Heard,
): Promise<Balancing> {
  const direction = await db
    .selectFrom('directions')
    .select('document')
    .where('environment', '=', environment)
    .executeTakeFirst();
  return {
    state: direction === undefined ? null : parseDesiredState(direction.document),
    hosts: (await hostsIn(db, [environment])).filter(({ retired, revoked }) => !retired && revoked === null),
    heard: heard ?? (await heardIn(db, environment, nowMs)),
  };
}

export function standingIn(
  balancing: Balancing,
  { traffic, serving, number, row }: Serving,
  nowMs: number,
): TrafficStanding {
  const directed = row === null ? 0 : row.directed_number;
  const balancers = balancersIn(balancing, traffic.component, nowMs);
  return trafficStanding({ key: traffic.key, serving, number, directed }, balancers);
}

/** The hosts that have a component, or should. */
export function balancersIn(
  { state, hosts, heard }: Balancing,
  component: string,
  nowMs: number,
): Balancer[] {
  return hosts.flatMap((host): Balancer[] => {
    const own = heard.reports.get(host.id);
    const report = own?.report ?? null;
    const has = report?.components.find((one) => one.component === component);
    const given =
      state === null
        ? undefined
        : assignmentsFor(state, host.id as HostId, entryOf(host)).assignments.find(
            (one) => one.component === component,
          );
    if (given === undefined && has === undefined) return [];
    const lastMs = own?.receivedMs ?? host.joinedMs;
    return [
      {
        host: host.id as HostId,
        name: host.name,
        given: given?.config ?? null,
        reported:
          report === null ? null : { config: has?.config ?? null, direction: report.direction.number },
        silent: nowMs - lastMs > silentAfterMs(state?.policy.reportEverySeconds ?? 3600),
        heardMs: own?.receivedMs ?? null,
        why: whyOf(report, component),
      },
    ];
  });
}

/** What a host says holds its component up. */
function whyOf(report: HeardReport | null, component: string): string | null {
  const said =
    report?.components.find((one) => one.component === component)?.refused ??
    report?.waiting.find((one) => one.component === component || one.component === null);
  return said === undefined ? null : `${said.code}: ${said.message}`;
}
