import { type EarlierDeployment, estimate, type Strategy } from '@xylem/core';
import type { PlanFound } from '../api/schemas/plan-found.ts';
import type { Database } from '../db/tables.ts';
import { deploymentOf, newestDeployments } from '../deployments/rows.ts';
import type { Candidate } from '../gates/gate.ts';

const mostEarlier = 20;

/** How long it may take, by what earlier deployments of the product took in this environment. */
export async function timeFor(
  db: Database,
  { environment, product }: Candidate,
  strategy: Strategy,
  hosts: number,
): Promise<PlanFound['time']> {
  const rows = await newestDeployments(db, environment.id, product)
    .where('state', '=', 'succeeded')
    .where('kind', '=', 'deploy')
    .limit(mostEarlier)
    .execute();
  const earlier: EarlierDeployment[] = [];
  for (const row of rows) {
    const { count } = await db
      .selectFrom('deployment_hosts')
      .select((e) => e.fn.countAll<number>().as('count'))
      .where('deployment', '=', row.id)
      .where('admitted_ms', 'is not', null)
      .executeTakeFirstOrThrow();
    const tookMs = (row.finished_ms ?? row.created_ms) - row.created_ms;
    earlier.push({ strategy: deploymentOf(row).strategy, hosts: Number(count), tookMs });
  }
  const found = estimate(strategy, hosts, earlier);
  const none = { seconds: null, atLeastSeconds: null, atMostSeconds: null };
  if (found === null)
    return {
      rounds: null,
      ...none,
      how: `A ${strategy.kind} deployment takes as long as its evidence does.`,
    };
  const { rounds, roundMs } = found;
  if (roundMs === null)
    return { rounds, ...none, how: `No earlier deployment of ${product} has succeeded here to judge by.` };
  const seconds = (ms: number): number => Math.ceil((ms * rounds) / 1000);
  return {
    rounds,
    seconds: seconds(roundMs.middle),
    atLeastSeconds: seconds(roundMs.least),
    atMostSeconds: seconds(roundMs.most),
    how: `${rounds === 1 ? 'One round' : `${rounds} rounds`}, each as long as one of the last ${earlier.length} deployments of ${product} here; waiting for windows comes on top.`,
  };
}
