import { type Report, sameParent } from '@xylem/core';
import type { Insertable, Selectable } from 'kysely';
import { inParts, inStatements } from '../db/statements.ts';
import type { Database, Tables } from '../db/tables.ts';
import type { SaidStates } from '../hosts/said-states.ts';
import { isTelling } from '../hosts/told.ts';

/** Puts reports, one of each host, in the place of those before them. */
export async function replaceReports(
  trx: Database,
  reports: readonly Report[],
  nowMs: number,
  states: SaidStates,
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
    holds: (report.quarantine?.held ?? []).length > 0 ? 1 : null,
    ...placeOf(report),
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
          holds: e.ref('excluded.holds'),
          parent_url: e.ref('excluded.parent_url'),
          parent_host: e.ref('excluded.parent_host'),
          serves_url: e.ref('excluded.serves_url'),
          addresses: e.ref('excluded.addresses'),
        })),
      )
      .execute();
  }
  const registered = await registeredOf(trx, reports);
  await replaceComponents(trx, reports, registered);
  await replaceStates(trx, reports, registered, nowMs, states);
}

async function registeredOf(trx: Database, reports: readonly Report[]): Promise<Map<string, Registered>> {
  const rows = await inParts(
    reports.map(({ host }) => host),
    (part) =>
      trx.selectFrom('hosts').select(['id', 'name', 'labels', 'retired']).where('id', 'in', part).execute(),
  );
  return new Map(rows.map((row) => [row.id, row]));
}

async function replaceStates(
  trx: Database,
  reports: readonly Report[],
  registered: ReadonlyMap<string, Registered>,
  nowMs: number,
  states: SaidStates,
): Promise<void> {
  const rows = reports.map((report) => ({
    host: report.host,
    reported_in: report.environment,
    says: states.of(report, registered.get(report.host) ?? { name: report.name, labels: '{}' }),
    heard_ms: nowMs,
  }));
  for (const some of inStatements(rows))
    await trx
      .insertInto('host_states')
      .values(some)
      .onConflict((c) =>
        c.column('host').doUpdateSet((e) => ({
          reported_in: e.ref('excluded.reported_in'),
          says: e.ref('excluded.says'),
          heard_ms: e.ref('excluded.heard_ms'),
        })),
      )
      .execute();
  const uncertain = [...new Set(reports.map(({ environment }) => environment))].filter(
    (environment) => !states.isCertain(environment),
  );
  if (uncertain.length === 0) return;
  await trx
    .updateTable('directions')
    .set({ states_number: 0 })
    .where('environment', 'in', uncertain)
    .execute();
}

/** What others ask for by it. */
const placeOf = ({ parent, serves, facts: { addresses } }: Report) => ({
  parent_url: parent.url === null ? null : sameParent(parent.url),
  parent_host: parent.host,
  serves_url: serves === undefined ? null : sameParent(serves.url),
  addresses: addresses === undefined ? null : JSON.stringify(addresses),
});

/** Held by whoever writes components with what the host's row says; a host that changes meanwhile waits (migration 0044). */
export const countingLock = 'running-counts';

type ComponentRow = Insertable<Tables['host_components']>;

/** Most reports say the same of the components as the one before: nothing is written then. */
async function replaceComponents(
  trx: Database,
  reports: readonly Report[],
  registered: ReadonlyMap<string, Registered>,
): Promise<void> {
  const held = await inParts(
    reports.map(({ host }) => host),
    (part) => trx.selectFrom('host_components').selectAll().where('host', 'in', part).execute(),
  );
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

type Registered = Pick<Selectable<Tables['hosts']>, 'id' | 'name' | 'labels' | 'retired'>;

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
