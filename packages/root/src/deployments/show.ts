import { advance, type Deployment as CoreDeployment, timeOf } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Deployment } from '../api/schemas/deployments.ts';
import { fullName, refOf } from '../environments/names.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import type { Root } from '../root.ts';
import { advancePolicyOf, evidenceOf } from './evidence.ts';
import { type DeploymentRow, deploymentOf } from './rows.ts';

/** A deployment as the API shows it, its progress from what is known at this moment. */
export async function showDeployment(root: Root, row: DeploymentRow): Promise<Deployment> {
  const { db, clock } = root;
  const deployment = deploymentOf(row);
  const environment = await db
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', row.environment)
    .executeTakeFirstOrThrow();
  const { policy } = parseEnvironmentYaml(environment.yaml, fullName(environment));
  const hosts = await hostsIn(db, [row.environment]);
  const evidence = await evidenceOf(db, deployment, hosts, clock.now());
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
