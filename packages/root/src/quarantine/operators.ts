import { type EnvironmentId, type Operators, timeOf } from '@xylem/core';
import { checkLift, checkOperators, operatorKeys, readOperators, type SignedDocument } from '@xylem/trust';
import type { OperatorsChain } from '../api/schemas/quarantine.ts';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { type EnvironmentRow, refOf } from '../environments/names.ts';
import type { Root } from '../root.ts';

/** So many of an environment's documents are carried and shown (docs/spec/direction.md, Quarantine). */
const carried = 16;

/** Whoever decides by who the operators are, and writes what follows, takes this lock first. */
export const operatorsLock = (environment: string): string => `operators/${environment}`;

/** The newest documents of an environment, the oldest of them first. */
export async function operatorsChain(db: Database, environment: string) {
  const rows = await db
    .selectFrom('operators')
    .selectAll()
    .where('environment', '=', environment)
    .orderBy('number', 'desc')
    .limit(carried)
    .execute();
  return rows.reverse();
}

/** The operators that an environment has now, or null. */
export async function presentOperators(db: Database, environment: string): Promise<Operators | null> {
  const newest = (await operatorsChain(db, environment)).at(-1);
  if (newest === undefined) return null;
  return readOperators(Buffer.from(newest.envelope), environment as EnvironmentId).operators;
}

export async function showOperators(root: Root, row: EnvironmentRow): Promise<OperatorsChain> {
  const chain = await operatorsChain(root.db, row.id);
  return {
    environment: refOf(row),
    documents: chain.map(({ envelope, set_by: by, created_ms: createdMs }) => {
      const { operators } = readOperators(Buffer.from(envelope), row.id as EnvironmentId);
      const { number, threshold, keys } = operators;
      const ids = operatorKeys(operators).map(({ keyId }) => keyId);
      return {
        number,
        threshold,
        keys: keys.map(({ name }, at) => ({ key: ids[at] ?? '', name })),
        envelope: JSON.parse(envelope) as SignedDocument & { signatures: { keyid: string; sig: string }[] },
        created: timeOf(createdMs),
        by,
      };
    }),
  };
}

/**
 * Takes the next operators of an environment, whose keys signed that, and those before them. Lifts that they did not
 * sign are carried no more: hosts that follow would refuse them.
 * @throws XylemError E_OPERATORS_INVALID
 */
export async function takeOperators(
  root: Root,
  who: string,
  row: EnvironmentRow,
  envelope: object,
): Promise<OperatorsChain> {
  const nowMs = root.clock.now();
  await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, operatorsLock(row.id));
    const before = await presentOperators(trx, row.id);
    const next = checkOperators(envelope, row.id as EnvironmentId, before);
    const values = { number: next.number, envelope: JSON.stringify(envelope), set_by: who };
    await trx
      .insertInto('operators')
      .values({ environment: row.id, ...values, created_ms: nowMs })
      .execute();
    await dropOvertaken(trx, next);
    await appendAudit(trx, nowMs, {
      who,
      what: 'operators.set',
      subject: `environment/${row.id}`,
      environment: row.id,
      before: before === null ? null : said(before),
      after: said(next),
    });
  });
  await root.directing.publish(row.id);
  return await showOperators(root, row);
}

const said = ({ number, threshold, keys }: Operators) => ({
  number,
  threshold,
  keys: operatorKeys({ keys }).map(({ keyId }, at) => `${keys[at]?.name ?? ''} ${keyId}`),
});

async function dropOvertaken(trx: Database, operators: Operators): Promise<void> {
  const lifts = await trx
    .selectFrom('quarantine_lifts')
    .select(['quarantine', 'envelope'])
    .where('environment', '=', operators.environment)
    .execute();
  for (const { quarantine, envelope } of lifts) {
    try {
      checkLift(Buffer.from(envelope), operators);
    } catch {
      await trx.deleteFrom('quarantine_lifts').where('quarantine', '=', quarantine).execute();
    }
  }
}
