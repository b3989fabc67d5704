import { holdsTraffic, XylemError } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { activeDeployments, deployingLock, deploymentOf } from '../deployments/rows.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import type { Root } from '../root.ts';
import { servingOf } from './rows.ts';

export interface Switched {
  readonly environment: EnvironmentRow;
  readonly product: string;
  /** The group that shall serve. */
  readonly to: string;
  /** How often it had been switched when this was decided. */
  readonly number: number;
  readonly by: string;
  readonly reason: string;
  /** That decided it; null: a person did. */
  readonly deployment: string | null;
}

/**
 * Lets another group serve. Hold `deployingLock` of the environment, and have direction published once this has been
 * committed (`directing.publish`): nothing has reached a host before `trafficStanding` says so.
 * @returns false: that group serves already
 * @throws XylemError E_INPUT (no switch, no such group), E_CONFLICT (switched meanwhile), E_TRAFFIC_HELD
 */
export async function switchTraffic(trx: Database, wanted: Switched, nowMs: number): Promise<boolean> {
  const { product, to, deployment } = wanted;
  const environment = await trx
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', wanted.environment.id)
    .executeTakeFirstOrThrow();
  const name = fullName(environment);
  const { traffic, serving, number } = await servingOf(trx, environment, product);
  if (!traffic.groups.includes(to))
    throw new XylemError(
      'E_INPUT',
      `${to} is no group of ${product} in ${name}: ${traffic.groups.join(', ')}.`,
    );
  if (number !== wanted.number)
    throw new XylemError(
      'E_CONFLICT',
      `The traffic of ${product} in ${name} was switched meanwhile: ${serving} serves. Look at it: xylem traffic show ${product} --in ${name}`,
      { details: { serving, number, from: wanted.number } },
    );
  await refuseHeld(trx, environment, product, deployment);
  if (serving === to) return false;
  await writeSwitch(trx, { ...wanted, environment }, serving, nowMs);
  return true;
}

/** Writes down who let another group serve in place of `serving`, and why. */
export async function writeSwitch(
  trx: Database,
  { environment, product, to, number, by, reason, deployment }: Switched,
  serving: string,
  nowMs: number,
): Promise<void> {
  const values = {
    serving: to,
    number: number + 1,
    since_ms: nowMs,
    set_by: by,
    reason,
    deployment,
    directed_number: null,
  };
  await trx
    .insertInto('traffic')
    .values({ environment: environment.id, product, ...values })
    .onConflict((c) => c.columns(['environment', 'product']).doUpdateSet(values))
    .execute();
  await appendAudit(trx, nowMs, {
    who: by,
    what: 'traffic.switch',
    subject: `environment/${environment.id}`,
    environment: environment.id,
    before: { product, serving, number },
    after: { product, serving: to, number: number + 1, reason, deployment },
  });
}

/** Switches, and directs it. @throws XylemError as `switchTraffic` does */
export async function switchByPerson(
  { db, clock, directing, deploying }: Root,
  by: string,
  environment: EnvironmentRow,
  product: string,
  { to, number, reason }: Pick<Switched, 'to' | 'number' | 'reason'>,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await lockFor(trx, deployingLock(environment.id));
    await switchTraffic(trx, { environment, product, to, number, by, reason, deployment: null }, clock.now());
  });
  await deploying.evaluate(environment.id);
  await directing.publish(environment.id);
}

/** A deployment that switches decides alone until it has ended. @throws XylemError E_TRAFFIC_HELD */
async function refuseHeld(
  trx: Database,
  environment: EnvironmentRow,
  product: string,
  deployment: string | null,
): Promise<void> {
  const holds = (await activeDeployments(trx, { environment: environment.id }))
    .map(deploymentOf)
    .find((one) => one.product === product && one.id !== deployment && holdsTraffic(one));
  if (holds === undefined) return;
  throw new XylemError(
    'E_TRAFFIC_HELD',
    `The deployment ${holds.id} switches the traffic of ${product} in ${fullName(environment)} by itself until it has ended. To take it back: xylem rollback ${product} --in ${fullName(environment)}`,
    { details: { deployment: holds.id } },
  );
}
