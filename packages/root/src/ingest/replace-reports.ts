import { type Report, sameParent } from '@xylem/core';
import type { Insertable, Selectable } from 'kysely';
import { inParts, inStatements } from '../db/statements.ts';
import type { Database, Tables } from '../db/tables.ts';
import { type KeptReport, keptReport } from '../hosts/kept-report.ts';
import type { SaidStates } from '../hosts/said-states.ts';
import { isTelling } from '../hosts/told.ts';
import { noteTaken } from '../patches/taken.ts';

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
  const known = await knownOf(trx, reports);
  const taken = reports.map((report, index): TakenReport => {
    const revision = newest - reports.length + 1 + index;
    return { report, kept: keptReport(report), own: known.get(report.host)?.own, revision };
  });
  const { same = [], changed = [] } = Object.groupBy(taken, ({ report, kept }) =>
    known.get(report.host)?.digest === kept.digest ? 'same' : 'changed',
  );
  await replaceDocuments(trx, changed);
  await replaceComponents(trx, changed);
  await replaceStates(trx, changed, nowMs, states);
  await noteHeard(trx, same, nowMs);
}

interface TakenReport {
  readonly report: Report;
  readonly kept: KeptReport;
  /** Absent: not registered. */
  readonly own: Registered | undefined;
  readonly revision: number;
}

type Registered = Pick<Selectable<Tables['hosts']>, 'name' | 'labels' | 'retired'>;

/** By host what its row says, and the digest of the report that is kept. */
async function knownOf(
  trx: Database,
  reports: readonly Report[],
): Promise<Map<string, { readonly own: Registered | undefined; readonly digest: string | null }>> {
  const rows = await inParts(
    reports.map(({ host }) => host),
    (part) =>
      trx
        .selectFrom('host_states as s')
        .leftJoin('hosts as h', 'h.id', 's.host')
        .leftJoin('reports as r', 'r.host', 's.host')
        .select(['s.host', 'h.name', 'h.labels', 'h.retired', 'r.digest'])
        .where('s.host', 'in', part)
        .execute(),
  );
  return new Map(
    rows.map(({ host, name, labels, retired, digest }) => {
      const isRegistered = name !== null && labels !== null && retired !== null;
      return [host, { own: isRegistered ? { name, labels, retired } : undefined, digest }];
    }),
  );
}

async function replaceDocuments(trx: Database, changed: readonly TakenReport[]): Promise<void> {
  const rows = changed.map(({ report, kept: { digest } }) => ({
    host: report.host,
    environment: report.environment,
    incarnation: report.incarnation,
    document: JSON.stringify(report),
    digest,
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
          document: e.ref('excluded.document'),
          digest: e.ref('excluded.digest'),
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
}

async function replaceStates(
  trx: Database,
  changed: readonly TakenReport[],
  nowMs: number,
  states: SaidStates,
): Promise<void> {
  const rows = changed.map(({ report, kept, own, revision }) => ({
    host: report.host,
    reported_in: report.environment,
    says: states.of(report, own ?? { name: report.name, labels: '{}' }),
    heard_ms: nowMs,
    revision,
    moving: kept.moving,
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
          revision: e.ref('excluded.revision'),
          moving: e.ref('excluded.moving'),
        })),
      )
      .execute();
  const uncertain = [...new Set(changed.map(({ report }) => report.environment))].filter(
    (environment) => !states.isCertain(environment),
  );
  if (uncertain.length === 0) return;
  await trx
    .updateTable('directions')
    .set({ states_number: 0 })
    .where('environment', 'in', uncertain)
    .execute();
}

/** That hosts said again what is kept of them: no trigger goes by these columns. */
async function noteHeard(trx: Database, same: readonly TakenReport[], nowMs: number): Promise<void> {
  const rows = same.map(({ report: { host }, kept: { moving }, revision }) => ({
    host,
    heard_ms: nowMs,
    revision,
    moving,
  }));
  for (const some of inStatements(rows))
    await trx
      .insertInto('host_states')
      .values(some)
      .onConflict((c) =>
        c.column('host').doUpdateSet((e) => ({
          heard_ms: e.ref('excluded.heard_ms'),
          revision: e.ref('excluded.revision'),
          moving: e.ref('excluded.moving'),
        })),
      )
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

/** Most changes are none of the components: nothing is written of them then. */
async function replaceComponents(trx: Database, taken: readonly TakenReport[]): Promise<void> {
  const held = await inParts(
    taken.map(({ report }) => report.host),
    (part) => trx.selectFrom('host_components').selectAll().where('host', 'in', part).execute(),
  );
  const before = Map.groupBy(held, ({ host }) => host);
  const changed = taken
    .map(({ report, own }) => ({ host: report.host, rows: componentsOf(report, own) }))
    .filter(({ host, rows }) => textOf(rows) !== textOf(before.get(host) ?? []));
  for (const some of inStatements(changed)) {
    const named = some.map(({ host }) => host);
    await trx.deleteFrom('host_components').where('host', 'in', named).execute();
  }
  for (const rows of inStatements(changed.flatMap((one) => one.rows)))
    await trx.insertInto('host_components').values(rows).execute();
  await noteTaken(
    trx,
    taken.flatMap(({ report: { host, components } }) => {
      const former = new Map(before.get(host)?.map((row) => [row.component, row.package]));
      return components.filter((one) => former.get(one.component) !== one.package);
    }),
  );
}

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
