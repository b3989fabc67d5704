import {
  type Behind,
  type Deployment,
  type DeploymentState,
  givenBack,
  holdsTraffic,
  type TrafficEvidence,
  timeOf,
  trafficOf,
} from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Database } from '../db/tables.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { servingOf } from '../traffic/rows.ts';
import { standingOf } from '../traffic/standing.ts';
import { switchTraffic } from '../traffic/switch.ts';
import { appendEvent } from './events.ts';
import type { Heard } from './evidence.ts';
import { hostMarks, saveDeployment } from './rows.ts';

const mostNames = 10;

/** What a deployment goes by of its product's traffic, without balancers that people left out of it; undefined: it goes by none, or the YAML names none any more. */
export async function trafficFor(
  db: Database,
  environment: EnvironmentRow,
  deployment: Deployment,
  nowMs: number,
  heard?: Heard,
): Promise<TrafficEvidence | undefined> {
  if (!hasSwitch(environment, deployment)) return undefined;
  if (!holdsTraffic(deployment) && !(await hasGivenBack(db, environment, deployment))) return undefined;
  const standing = await standingOf(db, environment, deployment.product, nowMs, heard);
  const marks = await hostMarks(db, deployment.id);
  const behind = standing.behind.filter(({ host }) => (marks.get(host)?.skipped ?? null) === null);
  const silent = behind.filter((one) => one.silent).length;
  return {
    serving: standing.serving,
    number: standing.number,
    of: standing.applied.length + behind.length,
    applied: standing.applied.length,
    behind: behind.length - silent,
    ...(silent === 0 ? {} : { silent }),
    names: behind.map(missingText).sort().slice(0, mostNames),
  };
}

/** Whether the last switch was that it gave traffic back at its end: who has confirmed that is still to be known. */
async function hasGivenBack(
  db: Database,
  environment: EnvironmentRow,
  { id, product, groups }: Deployment,
): Promise<boolean> {
  if (groups?.phase !== 'returning') return false;
  const { row } = await servingOf(db, environment, product);
  return row?.deployment === id;
}

/** Whether a deployment waits for what this host reports of its traffic. */
export async function isBalancer(
  db: Database,
  environment: EnvironmentRow,
  deployment: Deployment,
  host: string,
  nowMs: number,
): Promise<boolean> {
  if (!holdsTraffic(deployment) || !hasSwitch(environment, deployment)) return false;
  const { applied, behind } = await standingOf(db, environment, deployment.product, nowMs);
  return [...applied, ...behind.map((one) => one.host)].some((id) => id === host);
}

/** Its name, with since when it is silent or what it says holds it up. */
function missingText({ name, silent, heardMs, why }: Behind): string {
  const quiet = heardMs === null ? 'never heard of' : `silent since ${timeOf(heardMs)}`;
  const words = [...(silent ? [quiet] : []), ...(why === null ? [] : [why])];
  return words.length === 0 ? name : `${name} (${words.join('; ')})`;
}

function hasSwitch(environment: EnvironmentRow, { product }: Pick<Deployment, 'product'>): boolean {
  return trafficOf(parseEnvironmentYaml(environment.yaml, fullName(environment)), product) !== null;
}

/** How often a product's traffic was switched by now, and which group has it; null: it has no switch. */
export async function trafficNow(
  trx: Database,
  environment: EnvironmentRow,
  deployment: Deployment,
): Promise<{ readonly serving: string; readonly number: number } | null> {
  return hasSwitch(environment, deployment) ? await servingOf(trx, environment, deployment.product) : null;
}

/** Carries out what a deployment decided about traffic, in the transaction of its other decisions. */
export async function switchFor(
  trx: Database,
  environment: EnvironmentRow,
  { id, product }: Deployment,
  { to, number, by, reason }: { to: string; number: number; by: string; reason: string },
  nowMs: number,
): Promise<void> {
  const wanted = { environment, product, to, number, by, reason, deployment: id };
  if (!(await switchTraffic(trx, wanted, nowMs))) return;
  const message = `Traffic goes to ${to}.`;
  await appendEvent(trx, id, nowMs, { kind: 'switch', message, details: { to, number: number + 1 } });
}

export interface Ended {
  readonly state: DeploymentState;
  readonly reason: string;
  /** Who ends it. */
  readonly by: string;
}

/**
 * Ends a deployment by another word than its own verdict. Where traffic has left the group that had it, it is given back
 * to it in the same transaction. Hold `deployingLock` of the environment.
 * @returns the deployment as it is saved, and whether traffic was given back
 */
export async function endDeployment(
  trx: Database,
  deployment: Deployment,
  { state, reason, by }: Ended,
  nowMs: number,
): Promise<{ readonly ended: Deployment; readonly isGivenBack: boolean }> {
  const given = givenBack(deployment, nowMs);
  const environment = await trx
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', deployment.environment)
    .executeTakeFirstOrThrow();
  const traffic = given === null ? null : await trafficNow(trx, environment, deployment);
  // Nobody else may have moved it; where the YAML names no switch any more there is none to move.
  const isGivenBack = given !== null && traffic !== null;
  if (isGivenBack)
    await switchFor(
      trx,
      environment,
      deployment,
      { to: given.to, number: traffic.number, by, reason },
      nowMs,
    );
  const ended = { ...(isGivenBack ? given.deployment : deployment), state, reason };
  await saveDeployment(trx, ended, nowMs);
  return { ended, isGivenBack };
}
