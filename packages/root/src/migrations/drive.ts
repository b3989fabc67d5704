import { driven, heedsFreezes, type MigrationPhase, XylemError } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { appendEvent, type NewEvent } from '../deployments/events.ts';
import { deployingLock, deploymentOf, newestDeployments } from '../deployments/rows.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { frozenIn } from '../freezes/rows.ts';
import type { Root } from '../root.ts';
import { offeredPackage } from './offered.ts';
import { orderMigration } from './order.ts';
import { showMigrations } from './show.ts';

/**
 * Orders the steps of migrations where an environment's policy leaves them to deployments. All that it goes by lies in
 * the database: whatever a crash cut off the next look does.
 */
export async function driveMigrations(root: Root): Promise<void> {
  if (root.restored.isRestored()) return;
  for (const environment of await environmentsWithSteps(root.db)) {
    await driveIn(root, environment).catch((error: unknown) =>
      root.log.error('migrations could not be driven', { environment: fullName(environment), error }),
    );
  }
}

/** Where something is deployed, or a database has been migrated. */
async function environmentsWithSteps(db: Database): Promise<EnvironmentRow[]> {
  const deploying = db.selectFrom('deployments').select('environment').where('state', '=', 'running');
  const migrated = db.selectFrom('migrated_databases').select('environment');
  return await db
    .selectFrom('environments')
    .selectAll()
    .where((e) => e.or([e('id', 'in', deploying), e('id', 'in', migrated)]))
    .execute();
}

async function driveIn(root: Root, environment: EnvironmentRow): Promise<void> {
  const { db, clock } = root;
  const { policy } = parseEnvironmentYaml(environment.yaml, fullName(environment));
  if (policy.migrations === undefined) return;
  const { databases } = await showMigrations(root, environment);
  for (const { database, next, last } of databases) {
    if (next === null) continue;
    const nowMs = clock.now();
    const { product } = await offeredPackage(db, environment, nowMs, { database, step: next.to });
    const deployment = await lastDeployment(db, environment.id, product);
    const found = driven(
      policy.migrations,
      next,
      last,
      deployment,
      deployment?.isUrgent === true ? null : await frozenIn(db, environment, nowMs),
      nowMs,
    );
    if (deployment === null || found.kind === 'wait') continue;
    const { id } = deployment;
    if (found.kind === 'stuck')
      await tellStuck(root, environment.id, id, { database, term: last?.term ?? 0, why: found.why });
    else await order(root, environment, id, { database, ...next });
  }
}

/** Whose hosts still need the old shape, or that has no runner yet, is tried again: `xylem migrate status` says why. */
const later: ReadonlySet<string> = new Set(['E_MIGRATION_NEEDED', 'E_MIGRATION_ORDER', 'E_NOT_FOUND']);

async function order(
  root: Root,
  environment: EnvironmentRow,
  deployment: string,
  step: { readonly database: string; readonly to: number; readonly phase: MigrationPhase },
): Promise<void> {
  const { database, to, phase } = step;
  try {
    const { host } = await orderMigration(root, `deployment/${deployment}`, environment, {
      database,
      action: 'run',
      phase,
    });
    const message = `The ${phase} of ${database} to schema ${to} is run by ${host.name}.`;
    await say(root, environment.id, deployment, {
      kind: 'migration',
      message,
      details: { database, to, phase },
    });
  } catch (error) {
    if (!(error instanceof XylemError) || !later.has(error.code)) throw error;
  }
}

/** Once for each order that failed. */
async function tellStuck(
  root: Root,
  environment: string,
  deployment: string,
  { database, term, why }: { readonly database: string; readonly term: number; readonly why: string },
): Promise<void> {
  const kind = 'migration-failed';
  const details = { database, term };
  const told = await root.db
    .selectFrom('deployment_events')
    .select('sequence')
    .where('deployment', '=', deployment)
    .where('kind', '=', kind)
    .where('details', '=', JSON.stringify(details))
    .executeTakeFirst();
  if (told !== undefined) return;
  const message = `${database}: ${why} Nothing more is run by itself: look at \`xylem migrate status\`, then order the step again or undo it.`;
  await say(root, environment, deployment, { kind, message, details });
}

async function say(
  { db, clock, deploying }: Root,
  environment: string,
  deployment: string,
  event: NewEvent,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await lockFor(trx, deployingLock(environment));
    await appendEvent(trx, deployment, clock.now(), event);
  });
  deploying.events.announce(deployment);
}

async function lastDeployment(db: Database, environment: string, product: string) {
  const row = await newestDeployments(db, environment, product).limit(1).executeTakeFirst();
  if (row === undefined) return null;
  const deployment = deploymentOf(row);
  const { kind, state } = deployment;
  return { id: row.id, kind, state, finishedMs: row.finished_ms, isUrgent: !heedsFreezes(deployment) };
}
