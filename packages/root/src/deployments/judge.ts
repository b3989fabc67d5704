import { advanceBy, type Deployment, evidenceFor, overviewOf } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Database } from '../db/tables.ts';
import { fullName } from '../environments/names.ts';
import { frozenIn } from '../freezes/rows.ts';
import { type HostRecord, hostsIn } from '../hosts/host-rows.ts';
import { advancePolicyOf, evidenceOf, type Heard, heardIn } from './evidence.ts';
import { KeptEvidence } from './kept-evidence.ts';
import type { Measure } from './measure.ts';
import { type DeploymentRow, deploymentOf } from './rows.ts';
import { trafficFor } from './traffic.ts';

/** An environment's hosts and what they have reported. */
export interface Fleet {
  readonly hosts: readonly HostRecord[];
  readonly heard: Heard;
}

export async function readFleet(db: Database, environment: string, nowMs: number): Promise<Fleet> {
  return { hosts: await hostsIn(db, [environment]), heard: await heardIn(db, environment, nowMs) };
}

/**
 * What core says of a deployment from what is known at this moment.
 * @param measure asks for figures where core wants them before it goes on; absent: nothing is asked
 */
export async function judge(
  db: Database,
  row: DeploymentRow,
  fleet: Fleet | KeptEvidence,
  nowMs: number,
  measure?: Measure,
) {
  const deployment = deploymentOf(row);
  const environment = await db
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', row.environment)
    .executeTakeFirstOrThrow();
  const { policy } = parseEnvironmentYaml(environment.yaml, fullName(environment));
  const frozen = await frozenIn(db, environment, nowMs);
  const by = {
    ...advancePolicyOf(policy.reportEverySeconds),
    ...(frozen === null ? {} : { frozen }),
  };
  const isKept = fleet instanceof KeptEvidence;
  const overview = isKept
    ? await fleet.look(db, deployment, environment, by, nowMs)
    : overviewOf(deployment, await readEvidence(db, deployment, fleet, nowMs), nowMs, by);
  const heard = isKept ? undefined : fleet.heard;
  const traffic = await trafficFor(db, environment, deployment, nowMs, heard);
  const first = advanceBy(deployment, overview, nowMs, by, undefined, traffic);
  const known = {
    deployment,
    environment,
    evidence: overview.hosts(),
    policy: by,
    rules: policy,
    ...(traffic === undefined ? {} : { traffic }),
  };
  const figures = first.wants === undefined ? null : await measure?.(deployment, environment, first.wants);
  if (figures === null || figures === undefined) return { ...known, ...first };
  return { ...known, figures, ...advanceBy(deployment, overview, nowMs, by, figures, traffic) };
}

const readEvidence = async (db: Database, deployment: Deployment, { hosts, heard }: Fleet, nowMs: number) =>
  evidenceFor(deployment, await evidenceOf(db, deployment, hosts, nowMs, { heard }));
