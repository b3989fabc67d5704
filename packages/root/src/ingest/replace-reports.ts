import type { Report } from '@xylem/core';
import type { Insertable, Selectable } from 'kysely';
import { inStatements } from '../db/statements.ts';
import type { Database, Tables } from '../db/tables.ts';
import { isTelling } from '../hosts/told.ts';

/** Puts reports, one of each host, in the place of those before them. */
export async function replaceReports(
  trx: Database,
  reports: readonly Report[],
  nowMs: number,
): Promise<void> {
  if (reports.length === 0) return;
  // Whoever takes reports at the same time waits here: revisions rise in the order of commits.
  const { newest } = await trx
    .updateTable('report_revisions')
    .set((e) => ({ newest: e('newest', '+', reports.length) }))
    .returning('newest')
    .executeTakeFirstOrThrow();
  const rows = reports.map((report, index) => ({
    host: report.host,
    environment: report.environment,
    incarnation: report.incarnation,
    sequence: report.sequence,
    received_ms: nowMs,
    document: JSON.stringify(report),
    revision: newest - reports.length + 1 + index,
    told: isTelling(report) ? 1 : 0,
  }));
  for (const some of inStatements(rows)) {
    await trx
      .insertInto('reports')
      .values(some)
      .onConflict((c) =>
        c.column('host').doUpdateSet((e) => ({
          environment: e.ref('excluded.environment'),
          incarnation: e.ref('excluded.incarnation'),
          sequence: e.ref('excluded.sequence'),
          received_ms: e.ref('excluded.received_ms'),
          document: e.ref('excluded.document'),
          revision: e.ref('excluded.revision'),
          told: e.ref('excluded.told'),
        })),
      )
      .execute();
  }
  await replaceComponents(trx, reports);
}

/** Held by whoever writes components with what the host's row says; a host that changes meanwhile waits (migration 0044). */
export const countingLock = 'running-counts';

type ComponentRow = Insertable<Tables['host_components']>;

/** Most reports say the same of the components as the one before: nothing is written then. */
async function replaceComponents(trx: Database, reports: readonly Report[]): Promise<void> {
  const hosts = reports.map(({ host }) => host);
  const held: Selectable<Tables['host_components']>[] = [];
  const registered = new Map<string, Registered>();
  for (const some of inStatements(hosts)) {
    held.push(...(await trx.selectFrom('host_components').selectAll().where('host', 'in', some).execute()));
    const rows = trx.selectFrom('hosts').select(['id', 'name', 'retired']).where('id', 'in', some);
    for (const row of await rows.execute()) registered.set(row.id, row);
  }
  const before = Map.groupBy(held, ({ host }) => host);
  const changed = reports
    .map((report) => ({ host: report.host, rows: componentsOf(report, registered.get(report.host)) }))
    .filter(({ host, rows }) => textOf(rows) !== textOf(before.get(host) ?? []));
  for (const some of inStatements(changed)) {
    const named = some.map(({ host }) => host);
    await trx.deleteFrom('host_components').where('host', 'in', named).execute();
  }
  for (const rows of inStatements(changed.flatMap((one) => one.rows)))
    await trx.insertInto('host_components').values(rows).execute();
}

type Registered = Pick<Selectable<Tables['hosts']>, 'id' | 'name' | 'retired'>;

function componentsOf(
  { host, environment, components }: Report,
  { name, retired }: Pick<Registered, 'name' | 'retired'> = { name: '', retired: 1 },
): ComponentRow[] {
  // One row each: a report that names a component twice must not hold up the batch that it came in.
  const named = new Map(components.map((c) => [c.component, c]));
  return Array.from(named.values(), (c) => ({
    host,
    environment,
    component: c.component,
    product: c.product,
    version: c.version,
    package: c.package,
    state: c.state,
    healthy: c.healthy === null ? null : Number(c.healthy),
    name,
    retired,
  }));
}

const textOf = (rows: readonly ComponentRow[]): string =>
  rows
    .map((one) =>
      JSON.stringify([
        one.component,
        one.environment,
        one.product,
        one.version,
        one.package,
        one.state,
        one.healthy ?? null,
      ]),
    )
    .sort()
    .join();
