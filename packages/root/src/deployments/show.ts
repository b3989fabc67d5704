import { advance, type Deployment as CoreDeployment, timeOf } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Deployment } from '../api/schemas/deployments.ts';
import { fullName, refOf } from '../environments/names.ts';
import { type HostRecord, hostsIn } from '../hosts/host-rows.ts';
import type { Root } from '../root.ts';
import { advancePolicyOf, evidenceOf, type Heard, heardIn } from './evidence.ts';
import { type DeploymentRow, deploymentOf } from './rows.ts';

/** An environment's hosts and what they have reported. */
interface Fleet {
  readonly hosts: readonly HostRecord[];
  readonly heard: Heard;
}

/** Reads each environment's fleet once, however many deployments are shown of it. */
export function fleetReader({ db, clock }: Root): (environment: string) => Promise<Fleet> {
  const fleets = new Map<string, Promise<Fleet>>();
  const read = async (environment: string): Promise<Fleet> => ({
    hosts: await hostsIn(db, [environment]),
    heard: await heardIn(db, environment, clock.now()),
  });
  return (environment) => {
    const fleet = fleets.get(environment) ?? read(environment);
    fleets.set(environment, fleet);
    return fleet;
  };
}

/** A deployment as the API shows it, its progress from what is known at this moment. */
export async function showDeployment(
  root: Root,
  row: DeploymentRow,
  fleetOf = fleetReader(root),
): Promise<Deployment> {
  const { db, clock } = root;
  const deployment = deploymentOf(row);
  const environment = await db
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', row.environment)
    .executeTakeFirstOrThrow();
  const { policy } = parseEnvironmentYaml(environment.yaml, fullName(environment));
  const { hosts, heard } = await fleetOf(row.environment);
  const evidence = await evidenceOf(db, deployment, hosts, clock.now(), heard);
  const { progress, reason } = advance(
    deployment,
    evidence,
    clock.now(),
    advancePolicyOf(policy.reportEverySeconds),
  );
  return {
    id: row.id,
    kind: deployment.kind,
    environment: refOf(environment),
    product: deployment.product,
    version: deployment.to?.version ?? null,
    release: deployment.to?.digest ?? null,
    previousVersion: deployment.from?.version ?? null,
    strategy: strategyOf(deployment),
    state: deployment.state,
    reason: deployment.reason ?? reason,
    created: timeOf(row.created_ms),
    updated: timeOf(row.updated_ms),
    finished: row.finished_ms === null ? null : timeOf(row.finished_ms),
    createdBy: row.created_by,
    progress: { ...progress },
  };
}

function strategyOf({ strategy }: CoreDeployment): Deployment['strategy'] {
  if (strategy.kind === 'all-at-once') return { kind: 'all-at-once' };
  const { maxUnavailable, maxFailed } = strategy;
  return { kind: 'rolling', maxUnavailable, ...(maxFailed === undefined ? {} : { maxFailed }) };
}
