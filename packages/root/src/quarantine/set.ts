import { XylemError } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { auditEnd } from '../deployments/audit-end.ts';
import { appendEvent } from '../deployments/events.ts';
import { lastRecord } from '../deployments/records.ts';
import { activeDeployments, deployingLock, deploymentOf } from '../deployments/rows.ts';
import { endDeployment } from '../deployments/traffic.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { releaseNamed } from '../publishing/releases.ts';
import type { Root } from '../root.ts';
import { presentOperators } from './operators.ts';
import { openQuarantine } from './refuse.ts';

/** Below what hosts remember at most: they take nothing new at all once they can't remember more. */
const mostOpen = 128;

export interface SetQuarantine {
  readonly product: string;
  readonly version: string;
  readonly reason: string;
}

/**
 * What would be refused in these environments, before anything is said anywhere.
 * @returns the digest of the release
 * @throws XylemError E_NOT_FOUND, E_NO_OPERATORS
 */
export async function checkQuarantine(
  db: Database,
  environments: readonly EnvironmentRow[],
  { product, version }: Pick<SetQuarantine, 'product' | 'version'>,
): Promise<string> {
  const { release } = await releaseNamed(db, product, version);
  for (const row of environments) {
    if ((await presentOperators(db, row.id)) === null) throw noOperators(row);
  }
  return release;
}

/**
 * Quarantines a release in these environments: all of them or, where one has no operators who could lift it, none.
 * Deployments to it stop where they are. Repeating it changes nothing.
 * @returns the ids of the quarantines that hold, by environment
 * @throws XylemError E_NOT_FOUND, E_NO_OPERATORS, E_CONFLICT (too many)
 */
export async function setQuarantine(
  root: Root,
  who: string,
  environments: readonly EnvironmentRow[],
  body: SetQuarantine,
): Promise<string[]> {
  const release = await checkQuarantine(root.db, environments, body);
  const ids: string[] = [];
  for (const row of environments) {
    const stopped: string[] = [];
    ids.push(
      await root.db
        .transaction()
        .execute((trx) => setOne(root, trx, who, row, { ...body, release }, stopped)),
    );
    for (const id of stopped) root.deploying.events.announce(id);
    await root.directing.publish(row.id);
  }
  return ids;
}

const noOperators = (row: EnvironmentRow): XylemError =>
  new XylemError(
    'E_NO_OPERATORS',
    `${fullName(row)} has no operator keys, and nobody could lift a quarantine there. Make them: xylem operators create ${fullName(row)}`,
  );

/**
 * Quarantines one release in one environment, in the caller's transaction; nothing is published.
 * @param stopped gets the ids of the deployments that it stops
 * @returns the id of the quarantine that holds
 * @throws XylemError E_CONFLICT (too many)
 */
export async function setOne(
  { clock, randomness }: Pick<Root, 'clock' | 'randomness'>,
  trx: Database,
  who: string,
  row: EnvironmentRow,
  { product, version, release, reason }: SetQuarantine & { readonly release: string },
  stopped: string[],
): Promise<string> {
  // Who starts a deployment of it waits here, and is refused.
  await lockFor(trx, deployingLock(row.id));
  const known = await openQuarantine(trx, row.id, release);
  if (known !== undefined) return known.id;
  const { count } = await trx
    .selectFrom('quarantines')
    .select((e) => e.fn.countAll().as('count'))
    .where('environment', '=', row.id)
    .where('lifted_ms', 'is', null)
    .executeTakeFirstOrThrow();
  if (Number(count) >= mostOpen) {
    throw new XylemError(
      'E_CONFLICT',
      `${fullName(row)} has ${count} quarantines, the most there can be. Lift one first.`,
    );
  }
  const nowMs = clock.now();
  const id = Buffer.from(randomness.bytes(16)).toString('hex');
  await trx
    .insertInto('quarantines')
    .values({
      id,
      environment: row.id,
      product,
      release,
      version,
      reason,
      set_by: who,
      since_ms: nowMs,
      lifted_ms: null,
    })
    .execute();
  const message = `${product}@${version} was quarantined by ${who}: ${reason}`;
  const details = { quarantine: id };
  stopped.push(
    ...(await stopDeploymentsOf(trx, { environment: row.id, release, message, details, by: who, nowMs })),
  );
  await appendAudit(trx, nowMs, {
    who,
    what: 'release.quarantine',
    subject: `release/${product}@${version}`,
    environment: row.id,
    after: { quarantine: id, release, reason, deployments: stopped },
  });
  return id;
}

/** Deployments of a release in one environment, running or paused, fail and admit nobody. @returns their ids */
export async function stopDeploymentsOf(
  trx: Database,
  {
    environment,
    release,
    message,
    details,
    by,
    nowMs,
  }: {
    readonly environment: string;
    readonly release: string;
    readonly message: string;
    readonly details: Readonly<Record<string, unknown>>;
    readonly by: string;
    readonly nowMs: number;
  },
): Promise<string[]> {
  const stopped: string[] = [];
  for (const active of await activeDeployments(trx, { environment })) {
    const deployment = deploymentOf(active);
    if (deployment.to?.digest !== release) continue;
    await endDeployment(trx, deployment, { state: 'failed', reason: message, by }, nowMs);
    await appendEvent(trx, active.id, nowMs, { kind: 'failed', message, details });
    const end = { is: 'failed', was: active.state, reason: message, by };
    await auditEnd(trx, deployment, end, await lastRecord(trx, 'deployment_evidence', active.id), nowMs);
    stopped.push(active.id);
  }
  return stopped;
}
