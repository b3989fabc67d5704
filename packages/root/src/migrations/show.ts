import { type MigrationPhase, mayBegin, timeOf, XylemError } from '@xylem/core';
import type { Migrations } from '../api/schemas/index.ts';
import type { Database } from '../db/tables.ts';
import { type EnvironmentRow, refOf } from '../environments/names.ts';
import type { Root } from '../root.ts';
import { type FleetNeeds, fleetNeeds } from './needs.ts';
import { offeredPackage } from './offered.ts';
import { backupsOf, exclusionsOf, type LastOrder, type MigratedDatabase, migratedIn } from './rows.ts';

type Shown = Migrations['databases'][number];

/** The databases of an environment: what they serve, what was ordered last, what is due, and who still needs what. */
export async function showMigrations(root: Root, environment: EnvironmentRow): Promise<Migrations> {
  return await root.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const fleet = await fleetNeeds(trx, root, environment.id);
      const known = await migratedIn(trx, environment.id);
      const names = new Set(known.map(({ database }) => database));
      for (const { migrations } of fleet.documents.values()) if (migrations) names.add(migrations.database);
      const fresh = {
        environment: environment.id,
        product: null,
        component: null,
        first: 0,
        term: 0,
        last: null,
      };
      const databases: Shown[] = [];
      for (const database of [...names].sort()) {
        const row = known.find((one) => one.database === database) ?? {
          ...fresh,
          database,
          shapes: { oldest: 0, newest: 0 },
        };
        databases.push(await showOne(root, trx, environment, fleet, row));
      }
      return { environment: refOf(environment), databases };
    });
}

async function showOne(
  root: Root,
  db: Database,
  environment: EnvironmentRow,
  fleet: FleetNeeds,
  row: MigratedDatabase,
): Promise<Shown> {
  const { database, shapes, last } = row;
  const nameOf = (id: string): string => fleet.hosts.find((host) => host.id === id)?.name ?? id;
  const next = await nextStep(root, db, environment, row);
  const verdict =
    next === null ? null : mayBegin(shapes, { action: 'run', ...next }, await fleet.of(row, next.to));
  return {
    database,
    oldest: shapes.oldest,
    newest: shapes.newest,
    last: last === null ? null : showLast(last, nameOf(last.host)),
    next,
    waitsFor:
      verdict?.kind === 'needed'
        ? verdict.blockers.slice(0, 1_000).map(({ host, name, need }) => ({
            host,
            name,
            component: need.component,
            version: need.version,
            accepts: need.accepts,
            how: need.how,
          }))
        : [],
    backups: (await backupsOf(db, environment.id, database)).map((one) => ({
      term: one.term,
      host: one.host,
      name: nameOf(one.host),
      path: one.path,
      digest: one.digest,
      sizeBytes: one.size_bytes,
      made: timeOf(one.made_ms),
      oldest: one.oldest,
      newest: one.newest,
    })),
    excluded: (await exclusionsOf(db, environment.id, database)).map((one) => ({
      host: one.host,
      name: nameOf(one.host),
      to: one.to,
      reason: one.reason,
      by: one.excluded_by,
      since: timeOf(one.since_ms),
    })),
  };
}

async function nextStep(
  root: Root,
  db: Database,
  environment: EnvironmentRow,
  { database, shapes }: MigratedDatabase,
): Promise<{ to: number; phase: MigrationPhase } | null> {
  const to = shapes.newest + 1;
  try {
    const offered = await offeredPackage(db, environment, root.clock.now(), { database, step: to });
    const phase = offered.stepTo(to)?.phase;
    return phase === undefined ? null : { to, phase };
  } catch (error) {
    if (error instanceof XylemError && error.code === 'E_MIGRATION_ORDER') return null;
    throw error;
  }
}

function showLast(
  { order, state, report, by, startedMs, begun, host }: LastOrder,
  name: string,
): Shown['last'] {
  return {
    action: order.action,
    to: order.to,
    phase: order.phase ?? null,
    release: `${order.product}@${order.version}`,
    term: order.term,
    runner: { host, name },
    state,
    doing: report?.state ?? null,
    begun,
    attempt: report?.attempt ?? 0,
    checkpoint: report?.checkpoint ?? null,
    code: report?.code ?? null,
    message: report?.message ?? null,
    by,
    started: timeOf(startedMs),
  };
}
