import { type DesiredState, type EnvironmentId, timeMs, XylemError } from '@xylem/core';
import { checkLift, checkOperators, readLift, readOperators } from '@xylem/trust';
import type { Database } from '../db/tables.ts';
import type { EnvironmentRow } from '../environments/names.ts';
import { operatorsChain, presentOperators } from '../quarantine/operators.ts';

const who = 'restore';

/**
 * Takes what the newest desired state that a relay holds says of quarantines, whatever else a person decides to keep:
 * what was set since the backup holds again, what it no longer says was lifted, and who may lift is who it was last.
 * Hosts hold by their own memory meanwhile.
 */
export async function adoptQuarantines(
  trx: Database,
  { id: environment }: EnvironmentRow,
  newest: DesiredState,
  nowMs: number,
): Promise<void> {
  for (const envelope of newest.operators ?? []) await takeFollowing(trx, environment, envelope, nowMs);
  const said = newest.quarantined ?? [];
  for (const { id, product, release, version, since } of said) {
    const row = { id, environment, product, release, version, since_ms: timeMs(since), lifted_ms: null };
    await trx
      .insertInto('quarantines')
      .values({ ...row, reason: 'Set after the backup; who and why is lost with it.', set_by: who })
      .onConflict((c) => c.column('id').doNothing())
      .execute();
  }
  await trx
    .updateTable('quarantines')
    .set({ lifted_ms: nowMs })
    .where('environment', '=', environment)
    .where('lifted_ms', 'is', null)
    .where('id', 'not in', [...said.map(({ id }) => id), ''])
    .execute();
  const operators = await presentOperators(trx, environment);
  if (operators === null) return;
  for (const envelope of newest.lifts ?? []) {
    if (!isOf(environment, envelope)) continue;
    try {
      const { quarantine, reason } = checkLift(envelope, operators);
      const row = { quarantine, environment, envelope: JSON.stringify(envelope), reason, lifted_by: who };
      await trx
        .insertInto('quarantine_lifts')
        .values({ ...row, created_ms: nowMs, carried_number: null, done: 0 })
        .onConflict((c) => c.column('quarantine').doNothing())
        .execute();
    } catch (error) {
      if (!(error instanceof XylemError)) throw error;
    }
  }
}

function isOf(environment: string, envelope: object): boolean {
  try {
    return readLift(envelope).lift.environment === environment;
  } catch {
    return false;
  }
}

/** The next of the chain; where nothing of it is here, the oldest that relays hold. */
async function takeFollowing(
  trx: Database,
  environment: string,
  envelope: object,
  nowMs: number,
): Promise<void> {
  try {
    const before = await presentOperators(trx, environment);
    const id = environment as EnvironmentId;
    const { number } =
      before === null ? readOperators(envelope, id).operators : checkOperators(envelope, id, before);
    if ((await operatorsChain(trx, environment)).some((row) => row.number === number)) return;
    await trx
      .insertInto('operators')
      .values({ environment, number, envelope: JSON.stringify(envelope), set_by: who, created_ms: nowMs })
      .execute();
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
  }
}
