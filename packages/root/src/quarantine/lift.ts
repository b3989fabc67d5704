import { type Lift, XylemError } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { checkLift } from '@xylem/trust';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { deployingLock } from '../deployments/rows.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import type { Root } from '../root.ts';
import { operatorsLock, presentOperators } from './operators.ts';

/**
 * Takes a lift that the environment's operators signed, also one of a quarantine that only hosts know. Signed again it
 * takes the place of the former one.
 * @throws XylemError E_NO_OPERATORS, E_LIFT_INVALID
 */
export async function takeLift(
  root: Root,
  who: string,
  row: EnvironmentRow,
  envelope: object,
): Promise<Lift> {
  const { db, clock } = root;
  const nowMs = clock.now();
  const lift = await db.transaction().execute(async (trx) => {
    await lockFor(trx, deployingLock(row.id));
    // A replacement drops the lifts of those before: one that is taken beside it would be left over.
    await lockFor(trx, operatorsLock(row.id));
    const operators = await presentOperators(trx, row.id);
    if (operators === null) {
      throw new XylemError('E_NO_OPERATORS', `${fullName(row)} has no operators who could lift anything.`);
    }
    const checked = checkLift(envelope, operators);
    await noteLifted(trx, row, checked, nowMs);
    const { quarantine, reason } = checked;
    const values = {
      environment: row.id,
      envelope: JSON.stringify(envelope),
      reason,
      lifted_by: who,
      created_ms: nowMs,
      carried_number: null,
      done: 0,
    };
    await trx
      .insertInto('quarantine_lifts')
      .values({ quarantine, ...values })
      .onConflict((c) => c.column('quarantine').doUpdateSet(values))
      .execute();
    await appendAudit(trx, nowMs, {
      who,
      what: 'release.lift',
      subject: `release/${checked.product}@${checked.version}`,
      environment: row.id,
      after: { quarantine, release: checked.release, reason, operators: operators.number },
    });
    return checked;
  });
  await root.directing.publish(row.id);
  await followAgain(root, row, lift.product);
  return lift;
}

/** The lift must say what the quarantine of its id says: what hosts would not take is not kept either. */
async function noteLifted(trx: Database, row: EnvironmentRow, lift: Lift, nowMs: number): Promise<void> {
  const elsewhere = await trx
    .selectFrom('quarantine_lifts')
    .select('quarantine')
    .where('quarantine', '=', lift.quarantine)
    .where('environment', '!=', row.id)
    .executeTakeFirst();
  const known = await trx
    .selectFrom('quarantines')
    .selectAll()
    .where('id', '=', lift.quarantine)
    .executeTakeFirst();
  // A host that came from another tenant says the ids that it remembers: what they were is not said here.
  if (elsewhere !== undefined || (known !== undefined && known.environment !== row.id)) {
    throw new XylemError('E_LIFT_INVALID', 'The lift names a quarantine of another environment.');
  }
  if (known === undefined) return;
  const { product, release, version, lifted_ms: liftedMs } = known;
  const isSame = product === lift.product && release === lift.release && version === lift.version;
  if (!isSame) {
    throw new XylemError(
      'E_LIFT_INVALID',
      `The lift names another release than its quarantine, ${product}@${version}.`,
    );
  }
  if (liftedMs !== null) return;
  await trx.updateTable('quarantines').set({ lifted_ms: nowMs }).where('id', '=', lift.quarantine).execute();
}

/** A channel that moved meanwhile was not followed; now it is. */
async function followAgain(
  root: Root,
  { id, yaml, ...names }: EnvironmentRow,
  product: string,
): Promise<void> {
  const { products } = parseEnvironmentYaml(yaml, fullName(names));
  const channel = Object.hasOwn(products, product) ? products[product]?.channel : undefined;
  if (channel !== undefined) await root.deploying.channelMoved(product, channel);
  await root.deploying.evaluate(id);
}
