import { XylemError } from '@xylem/core';
import { lockFor } from '../db/lock.ts';
import type { EnvironmentRow } from '../environments/names.ts';
import type { Root } from '../root.ts';
import { missingOf } from './approvals.ts';
import { askHosts } from './ask-hosts.ts';
import { type PlanOptions, preparePlan } from './prepare.ts';
import { refreshPlan } from './refresh.ts';
import { type KnownPlan, planLock, planNamed, requireOpen, wordsOf } from './rows.ts';
import { startPlan } from './start.ts';
import { setState } from './state.ts';

export type AskOptions = PlanOptions & Pick<Root, 'directing'>;

interface Asked {
  readonly environment: EnvironmentRow;
  readonly product: string;
  readonly version: string;
  /** `channel/shop/stable` */
  readonly who: string;
}

/**
 * What comes by itself to an environment that demands approvals, or that its hosts look beforehand: a plan for each
 * release, once, which is started when people and hosts have said yes. Where somebody has to approve, only what was
 * approved is tried, so that a fleet in motion makes no versions that nobody reads.
 * @throws XylemError E_APPROVAL_MISSING, E_PLAN_STATE (refused, or over), E_PLAN_CHANGED (asked anew), and that of the
 * first closed gate
 */
export async function startPlanned(options: AskOptions, asked: Asked): Promise<void> {
  const { db, clock } = options;
  const id = (await planOf(options, asked)) ?? (await ask(options, asked));
  await closeOthers(options, asked, id);
  await lookAnew(options, asked, await planNamed(db, id));
  const known = await planNamed(db, id);
  requireOpen(known.row);
  // Its own lists are looked at each time: a root server that was killed may have made the plan and asked nobody.
  for (const changed of await askHosts(options, { id, who: asked.who, demanded: true, isFirst: true }))
    await options.directing.publish(changed);
  const missing = await missingOf(db, known, clock.now());
  if (missing.length > 0 && (await wordsOf(db, known.row)).length === 0) throw unapproved(id, missing);
  try {
    await startPlan(options, { id, who: asked.who });
  } catch (error) {
    if (error instanceof XylemError && error.code === 'E_PLAN_CHANGED')
      await refreshPlan(options, id, authorOf(asked));
    throw error;
  }
}

const authorOf = ({ who }: Asked) => ({ by: who, origin: who });

const unapproved = (id: string, missing: readonly string[]): XylemError =>
  new XylemError(
    'E_APPROVAL_MISSING',
    `The plan ${id} waits for approvals: ${missing.join('; ')}. Look: \`xylem plan show ${id}\`; then \`xylem plan approve ${id}\`.`,
    { details: { missing, plan: id } },
  );

async function ask(options: PlanOptions, asked: Asked): Promise<string> {
  const { environment, product, version } = asked;
  const stages = [{ name: 'all', environments: [environment] }];
  return await preparePlan(
    options,
    { kind: 'deploy', product, version, skipUnfit: true, stages },
    authorOf(asked),
  );
}

/** One that expired unread, or was closed because the channel went on and has come back. */
async function lookAnew(options: PlanOptions, asked: Asked, { row, version }: KnownPlan): Promise<void> {
  const isOld = row.state === 'open' && options.clock.now() >= version.expires_ms;
  const isBack = row.state === 'refused' && row.ended_by === asked.who;
  if (isOld || isBack) await refreshPlan(options, row.id, authorOf(asked));
}

/** The channel went on: nobody is to approve what would not begin any more. */
async function closeOthers(
  { db, clock }: PlanOptions,
  { environment, product, version, who }: Asked,
  id: string,
): Promise<void> {
  const others = await plansOf(db, environment.id, product, who)
    .where('p.state', '=', 'open')
    .where('p.id', '!=', id)
    .execute();
  for (const other of others) {
    await db.transaction().execute(async (trx) => {
      await lockFor(trx, planLock(other.id));
      const known = await planNamed(trx, other.id);
      if (known.row.state !== 'open') return;
      const reason = `${who.replace('channel/', '')} says ${version} now`;
      await setState(trx, known, clock.now(), { state: 'refused', by: who, reason, isOne: true });
    });
  }
}

/** The plan that was made for this release before, in whatever state. */
async function planOf(
  { db }: PlanOptions,
  { environment, product, version, who }: Asked,
): Promise<string | null> {
  const rows = await plansOf(db, environment.id, product, who).execute();
  const found = rows.find((row) => (JSON.parse(row.document) as { version: string }).version === version);
  return found?.id ?? null;
}

/** Those that the channel made, the newest first, with their first document. */
const plansOf = (db: PlanOptions['db'], environment: string, product: string, origin: string) =>
  db
    .selectFrom('plans as p')
    .innerJoin('plan_environments as e', 'e.plan', 'p.id')
    .innerJoin('plan_versions as v', (join) => join.onRef('v.plan', '=', 'p.id').on('v.number', '=', 1))
    .select(['p.id', 'v.document'])
    .where('e.environment', '=', environment)
    .where('p.product', '=', product)
    .where('v.origin', '=', origin)
    .orderBy('p.created_ms', 'desc');
