import { type MigrationReport, type Report, shapesAfter, timeMs } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { deployingLock } from '../deployments/rows.ts';
import { migratedDatabase, saveMigrated } from './rows.ts';

type Runner = Pick<Report, 'host' | 'environment' | 'migrations'>;

/**
 * Takes what runners report of the orders under way: progress, backups, an end. Repeating it changes nothing.
 * @returns the environments whose direction says something else by it
 */
export async function settleMigrations(
  db: Database,
  reports: readonly Runner[],
  nowMs: number,
): Promise<Set<string>> {
  const changed = new Set<string>();
  for (const { host, environment, migrations = [] } of reports) {
    for (const said of migrations) {
      const isChanged = await db.transaction().execute(async (trx) => {
        await lockFor(trx, deployingLock(environment));
        return await settleOne(trx, environment, host, said, nowMs);
      });
      if (isChanged) changed.add(environment);
    }
  }
  return changed;
}

/** What came in a moment before a root server went down. */
export async function settleAll(db: Database, nowMs: number): Promise<void> {
  const rows = await db.selectFrom('migrated_databases').select(['environment', 'last']).execute();
  const hosts = rows.flatMap(({ last }) =>
    last === null ? [] : [(JSON.parse(last) as { host: string }).host],
  );
  if (hosts.length === 0) return;
  const reports = await db.selectFrom('reports').select('document').where('host', 'in', hosts).execute();
  await settleMigrations(
    db,
    reports.map(({ document }) => JSON.parse(document) as Report),
    nowMs,
  );
}

async function settleOne(
  trx: Database,
  environment: string,
  host: string,
  said: MigrationReport,
  nowMs: number,
): Promise<boolean> {
  const row = await migratedDatabase(trx, environment, said.database);
  const { last } = row;
  if (last === null || last.host !== host || last.order.term !== said.term) return false;
  if (last.state !== 'running') return false;
  const { before, change } = last;
  if (said.backup !== undefined) {
    const { path, digest, sizeBytes, time } = said.backup;
    await trx
      .insertInto('migration_backups')
      .values({
        environment,
        database: row.database,
        term: said.term,
        host,
        path,
        digest,
        size_bytes: sizeBytes,
        made_ms: timeMs(time),
        ...before,
      })
      .onConflict((c) => c.columns(['environment', 'database', 'term']).doNothing())
      .execute();
  }
  const begun = last.begun || said.begun;
  const isOver = said.state === 'done' || said.state === 'failed' || said.state === 'fenced';
  if (!isOver) {
    await saveMigrated(trx, { ...row, last: { ...last, begun, report: said } }, nowMs);
    return false;
  }
  const isDone = said.state === 'done';
  // What never began to change gives back what it was to take away.
  const kept = begun ? row.shapes : before;
  const shapes = isDone ? shapesAfter(before, change) : kept;
  const state = isDone ? 'done' : 'failed';
  await saveMigrated(trx, { ...row, shapes, last: { ...last, begun, report: said, state } }, nowMs);
  await appendAudit(trx, nowMs, {
    who: `host/${host}`,
    what: `migration.${state}`,
    subject: `database/${row.database}`,
    environment,
    before: row.shapes,
    after: { ...shapes, term: said.term, action: said.action, to: said.to, code: said.code ?? null },
  });
  return true;
}
