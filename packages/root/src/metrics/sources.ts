import { timeOf, XylemError } from '@xylem/core';
import type { Selectable } from 'kysely';
import { appendAudit } from '../audit/audit.ts';
import type { Database, Tables } from '../db/tables.ts';

export type SourceRow = Selectable<Tables['metric_sources']>;

export interface NewSource {
  readonly name: string;
  readonly kind: 'prometheus' | 'program';
  readonly address: string;
  readonly token: string | null;
  readonly tenant: string | null;
}

/** What may be shown of a source: whether it has a token, not which. */
export const shownSource = ({ name, kind, address, token, tenant, set_by, set_ms }: SourceRow) => ({
  name,
  kind: kind as NewSource['kind'],
  address,
  hasToken: token !== null,
  tenant,
  setBy: set_by,
  set: timeOf(set_ms),
});

export async function sourcesOf(db: Database): Promise<SourceRow[]> {
  return await db.selectFrom('metric_sources').selectAll().orderBy('name').execute();
}

/** @throws XylemError E_NOT_FOUND, also for one of another tenant */
export async function sourceNamed(db: Database, name: string, tenant: string): Promise<SourceRow> {
  const row = await db.selectFrom('metric_sources').selectAll().where('name', '=', name).executeTakeFirst();
  if (row !== undefined && (row.tenant === null || row.tenant === tenant)) return row;
  throw new XylemError(
    'E_NOT_FOUND',
    `There is no source of metrics ${name} for ${tenant}. Who administers the installation adds one: xylem metric-source set`,
  );
}

/** Adds a source, or replaces the one of that name. */
export async function setSource(
  db: Database,
  source: NewSource,
  who: string,
  nowMs: number,
): Promise<SourceRow> {
  const row: SourceRow = { ...source, set_by: who, set_ms: nowMs };
  await db.transaction().execute(async (trx) => {
    const before = await trx
      .selectFrom('metric_sources')
      .selectAll()
      .where('name', '=', source.name)
      .executeTakeFirst();
    const { name: _, ...values } = row;
    await trx
      .insertInto('metric_sources')
      .values(row)
      .onConflict((c) => c.column('name').doUpdateSet(values))
      .execute();
    await appendAudit(trx, nowMs, {
      who,
      what: 'metric-source.set',
      subject: `metric-source/${source.name}`,
      before: before === undefined ? null : shownSource(before),
      after: shownSource(row),
    });
  });
  return row;
}

/** @throws XylemError E_NOT_FOUND */
export async function removeSource(db: Database, name: string, who: string, nowMs: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const before = await trx
      .deleteFrom('metric_sources')
      .where('name', '=', name)
      .returningAll()
      .executeTakeFirst();
    if (before === undefined) throw new XylemError('E_NOT_FOUND', `There is no source of metrics ${name}.`);
    await appendAudit(trx, nowMs, {
      who,
      what: 'metric-source.remove',
      subject: `metric-source/${name}`,
      before: shownSource(before),
      after: null,
    });
  });
}
