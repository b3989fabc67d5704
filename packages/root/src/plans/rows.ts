import { type Plan, type PlanEnvironment, type PlanFacts, parsePlan, XylemError } from '@xylem/core';
import type { Selectable } from 'kysely';
import type { PlanFound } from '../api/schemas/plan-found.ts';
import type { Database, Tables } from '../db/tables.ts';

/** Who prepares, refreshes, approves or starts one plan goes one after the other (`lockFor`), before any deploying lock. */
export const planLock = (id: string): string => `plan/${id}`;

export type PlanRow = Selectable<Tables['plans']>;
export type ApprovalRow = Selectable<Tables['plan_approvals']>;

/** A version of a plan, its document read. What else is kept of it is large, and read by those who show it. */
export interface PlanVersion
  extends Omit<Selectable<Tables['plan_versions']>, 'document' | 'facts' | 'found'> {
  readonly document: Plan;
}

export interface KnownPlan {
  readonly row: PlanRow;
  readonly version: PlanVersion;
}

/** Of all stages. */
export const environmentsOf = ({ version }: KnownPlan): PlanEnvironment[] =>
  version.document.stages.flatMap(({ environments }) => environments);

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
  const version = await versionsOf(db, { plan: id, number: row.number })
    .select(['plan', 'number', 'digest', 'made_by', 'origin', 'created_ms', 'expires_ms'])
    .executeTakeFirstOrThrow();
  return { row, version: { ...version, document: await documentOf(db, version) } };
}

type VersionKey = Pick<PlanVersion, 'plan' | 'number'>;

const versionsOf = (db: Database, { plan, number }: VersionKey) =>
  db.selectFrom('plan_versions').where('plan', '=', plan).where('number', '=', number);

const mostKept = 16;
/** Documents that were read last, by their digest: a plan under way is looked at again and again. */
const kept = new Map<string, Plan>();

async function documentOf(db: Database, version: VersionKey & { readonly digest: string }): Promise<Plan> {
  const { digest } = version;
  let document = kept.get(digest);
  if (document === undefined) {
    const row = await versionsOf(db, version).select('document').executeTakeFirstOrThrow();
    document = parsePlan(row.document);
  }
  kept.delete(digest);
  kept.set(digest, document);
  const [oldest] = kept.keys();
  if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
  return document;
}

/** The facts that a version of a plan was made by, by environment id. */
export async function factsOf(
  db: Database,
  version: VersionKey,
): Promise<Readonly<Record<string, PlanFacts>>> {
  const { facts } = await versionsOf(db, version).select('facts').executeTakeFirstOrThrow();
  return JSON.parse(facts) as Readonly<Record<string, PlanFacts>>;
}

/** What preparation found (`found.ts`), by environment id. */
export async function foundIn(
  db: Database,
  version: VersionKey,
): Promise<Readonly<Record<string, PlanFound>>> {
  const { found } = await versionsOf(db, version).select('found').executeTakeFirstOrThrow();
  return JSON.parse(found) as Readonly<Record<string, PlanFound>>;
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
