import { advance, evidenceFor } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Database } from '../db/tables.ts';
import { fullName } from '../environments/names.ts';
import { frozenIn } from '../freezes/rows.ts';
import { type HostRecord, hostsIn } from '../hosts/host-rows.ts';
import { advancePolicyOf, evidenceOf, type Heard, heardIn } from './evidence.ts';
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
  { hosts, heard }: Fleet,
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
  const evidence = evidenceFor(deployment, await evidenceOf(db, deployment, hosts, nowMs, heard));
  const frozen = await frozenIn(db, environment, nowMs);
  const by = {
    ...advancePolicyOf(policy.reportEverySeconds),
    ...(frozen === null ? {} : { frozen }),
  };
  const traffic = await trafficFor(db, environment, deployment, nowMs, heard);
  const first = advance(deployment, evidence, nowMs, by, undefined, traffic);
  const known = {
    deployment,
    environment,
    evidence,
    policy: by,
    rules: policy,
    ...(traffic === undefined ? {} : { traffic }),
  };
  const figures = first.wants === undefined ? null : await measure?.(deployment, environment, first.wants);
  if (figures === null || figures === undefined) return { ...known, ...first };
  return { ...known, figures, ...advance(deployment, evidence, nowMs, by, figures, traffic) };
}
