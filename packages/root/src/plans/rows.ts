import { type Plan, type PlanFacts, parsePlan, XylemError } from '@xylem/core';
import type { Selectable } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';

/** Who prepares, refreshes, approves or starts one plan goes one after the other (`lockFor`), before any deploying lock. */
export const planLock = (id: string): string => `plan/${id}`;

export type PlanRow = Selectable<Tables['plans']>;
export type ApprovalRow = Selectable<Tables['plan_approvals']>;

/** A version of a plan, its JSON read. */
export interface PlanVersion
  extends Omit<Selectable<Tables['plan_versions']>, 'document' | 'facts' | 'found'> {
  readonly document: Plan;
  /** By environment id. */
  readonly factsOf: Readonly<Record<string, PlanFacts>>;
  /** By environment id: what preparation found (`found.ts`). */
  readonly foundIn: Readonly<Record<string, unknown>>;
}

export interface KnownPlan {
  readonly row: PlanRow;
  readonly version: PlanVersion;
}

export const noPlan = (id: string): XylemError => new XylemError('E_NOT_FOUND', `There is no plan ${id}.`);

export const noStage = (id: string, name: string, stages: readonly { readonly name: string }[]): XylemError =>
  new XylemError(
    'E_NOT_FOUND',
    `The plan ${id} has no stage ${name}. It has ${stages.map((stage) => stage.name).join(', ')}.`,
  );

/** A plan with its present version. @throws XylemError E_NOT_FOUND */
export async function planNamed(db: Database, id: string): Promise<KnownPlan> {
  const row = await db.selectFrom('plans').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw noPlan(id);
  const version = await db
    .selectFrom('plan_versions')
    .selectAll()
    .where('plan', '=', id)
    .where('number', '=', row.number)
    .executeTakeFirstOrThrow();
  const { document, facts, found, ...rest } = version;
  return {
    row,
    version: {
      ...rest,
      document: parsePlan(document),
      factsOf: JSON.parse(facts) as PlanVersion['factsOf'],
      foundIn: JSON.parse(found) as PlanVersion['foundIn'],
    },
  };
}

/** What was said of a plan's present version, oldest first. */
export async function wordsOf(
  db: Database,
  { id, number }: Pick<PlanRow, 'id' | 'number'>,
): Promise<ApprovalRow[]> {
  return await db
    .selectFrom('plan_approvals')
    .selectAll()
    .where('plan', '=', id)
    .where('number', '=', number)
    .orderBy('said_ms')
    .orderBy('origin')
    .execute();
}

/** @throws XylemError E_PLAN_STATE unless it may still be approved, refreshed or started */
export function requireOpen(row: PlanRow): void {
  if (row.state === 'open') return;
  const next =
    row.state === 'refused'
      ? `\`xylem plan refresh ${row.id}\` asks again.`
      : 'Prepare another one: `xylem plan`.';
  throw new XylemError('E_PLAN_STATE', `${stateText(row)} ${next}`);
}

/** In which state it is, by whom and why. */
export function stateText({ id, state, ended_by, reason }: PlanRow): string {
  const why = reason === null ? '.' : `: ${reason}.`;
  if (state === 'open') return `The plan ${id} was not started.`;
  if (state === 'finished') return `The plan ${id} has finished${why}`;
  return `The plan ${id} was ${state} by ${ended_by ?? 'somebody'}${why}`.replace(/\.\.$/, '.');
}

/** Of states that follow its start. */
export const hasBegun = ({ state }: Pick<PlanRow, 'state'>): boolean =>
  state !== 'open' && state !== 'refused';

/** @throws XylemError E_PLAN_EXPIRED */
export function requireFresh(
  { plan, expires_ms }: Pick<PlanVersion, 'plan' | 'expires_ms'>,
  nowMs: number,
): void {
  if (nowMs < expires_ms) return;
  throw new XylemError(
    'E_PLAN_EXPIRED',
    `The plan ${plan} is older than 7 days. \`xylem plan refresh ${plan}\` looks anew and asks again.`,
  );
}
