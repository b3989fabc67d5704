import { XylemError } from '@xylem/core';
import { type Kysely, sql } from 'kysely';
import type { ColumnTypes } from './column-types.ts';
import * as begin from './migrations/0001-begin.ts';
import * as found from './migrations/0002-found.ts';
import * as audit from './migrations/0003-audit.ts';
import * as people from './migrations/0004-people.ts';
import * as hosts from './migrations/0005-hosts.ts';
import * as evidence from './migrations/0006-evidence.ts';
import * as secrets from './migrations/0007-secrets.ts';
import * as ci from './migrations/0008-ci.ts';
import * as oidc from './migrations/0009-oidc.ts';
import * as quarantine from './migrations/0010-quarantine.ts';
import * as moves from './migrations/0011-moves.ts';
import * as shutOut from './migrations/0012-shut-out.ts';
import * as databases from './migrations/0013-migrations.ts';
import * as adoption from './migrations/0014-adoption.ts';
import * as pins from './migrations/0015-pins.ts';
import * as undoneReturns from './migrations/0016-undone-returns.ts';
import * as stages from './migrations/0017-stages.ts';
import * as waitingStarts from './migrations/0018-waiting-starts.ts';
import * as canary from './migrations/0019-canary.ts';
import * as jobs from './migrations/0020-jobs.ts';
import * as notifications from './migrations/0021-notifications.ts';
import * as metrics from './migrations/0022-metrics.ts';
import * as plans from './migrations/0023-plans.ts';
import * as freezes from './migrations/0024-freezes.ts';
import * as planRuns from './migrations/0025-plan-runs.ts';
import * as incidents from './migrations/0026-incidents.ts';
import * as deadlines from './migrations/0027-deadlines.ts';
import * as watches from './migrations/0028-watches.ts';
import * as recalls from './migrations/0029-recalls.ts';
import * as changeTickets from './migrations/0030-change-tickets.ts';
import * as planSubscriptions from './migrations/0031-plan-subscriptions.ts';
import * as hostActs from './migrations/0032-host-acts.ts';
import * as verification from './migrations/0033-verification.ts';
import * as traffic from './migrations/0034-traffic.ts';
import * as rings from './migrations/0035-rings.ts';
import * as probesOnHosts from './migrations/0036-probes-on-hosts.ts';
import * as preflights from './migrations/0037-preflights.ts';
import * as planTests from './migrations/0038-plan-tests.ts';
import * as planProbes from './migrations/0039-plan-probes.ts';
import * as watchEvidence from './migrations/0040-watch-evidence.ts';
import * as incidentsClosed from './migrations/0041-incidents-closed.ts';
import * as reportRevisions from './migrations/0042-report-revisions.ts';
import * as reparentings from './migrations/0043-reparentings.ts';
import * as runningCounts from './migrations/0044-running-counts.ts';
import * as linkLimits from './migrations/0045-link-limits.ts';
import * as parentRules from './migrations/0046-parent-rules.ts';
import * as hostStates from './migrations/0047-host-states.ts';
import * as reportedPlaces from './migrations/0048-reported-places.ts';
import * as unchangedReports from './migrations/0049-unchanged-reports.ts';
import * as childrenByParent from './migrations/0050-children-by-parent.ts';
import * as patches from './migrations/0051-patches.ts';
import * as storeRemovals from './migrations/0052-store-removals.ts';
import * as productQuota from './migrations/0053-product-quota.ts';
import * as patchesTaken from './migrations/0054-patches-taken.ts';

type Migration = { up(db: Kysely<unknown>, types: ColumnTypes): Promise<void> };

/** In order, for ever: what was released is never changed, only followed. */
const migrations: readonly Migration[] = [
  begin,
  found,
  audit,
  people,
  hosts,
  evidence,
  secrets,
  ci,
  oidc,
  quarantine,
  moves,
  shutOut,
  databases,
  adoption,
  pins,
  undoneReturns,
  stages,
  waitingStarts,
  canary,
  jobs,
  notifications,
  metrics,
  plans,
  freezes,
  planRuns,
  incidents,
  deadlines,
  watches,
  recalls,
  changeTickets,
  planSubscriptions,
  hostActs,
  verification,
  traffic,
  rings,
  probesOnHosts,
  preflights,
  planTests,
  planProbes,
  watchEvidence,
  incidentsClosed,
  reportRevisions,
  reparentings,
  runningCounts,
  linkLimits,
  parentRules,
  hostStates,
  reportedPlaces,
  unchangedReports,
  childrenByParent,
  patches,
  storeRemovals,
  productQuota,
  patchesTaken,
];

const schemaVersion = migrations.length;

/**
 * Brings the database to this program's schema, each step in a transaction of its own together with its number.
 * @throws XylemError E_STATE_VERSION if a newer program has written it
 */
export async function migrate(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await sql`create table if not exists xylem_schema (version bigint not null)`.execute(db);
  const found = await sql<{
    version: number | null;
  }>`select max(version) as version from xylem_schema`.execute(db);
  const version = found.rows[0]?.version ?? 0;
  if (version > schemaVersion) {
    throw new XylemError(
      'E_STATE_VERSION',
      `The database has schema ${version}; this program knows up to ${schemaVersion}.`,
      { retry: 'never' },
    );
  }
  for (const [index, migration] of migrations.entries()) {
    const number = index + 1;
    if (number <= version) continue;
    await db.transaction().execute(async (trx) => {
      await migration.up(trx, types);
      await sql`insert into xylem_schema (version) values (${number})`.execute(trx);
    });
  }
}
