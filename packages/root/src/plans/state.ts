import { appendAudits } from '../audit/audit.ts';
import type { Database } from '../db/tables.ts';
import { allEnvironments, type EnvironmentRow, fullName } from '../environments/names.ts';
import { notify, notifyIn, queue } from '../notify/notify.ts';
import { stakeholdersOf } from '../notify/subscriptions.ts';
import { forgetPlanProbes } from '../verification/plan-probes.ts';
import { ringsNamed } from './ring-records.ts';
import { environmentsOf, type KnownPlan } from './rows.ts';

interface NewState {
  readonly state: 'started' | 'paused' | 'stopped' | 'finished' | 'refused';
  /** As the audit log names them; `plan/<id>`: the plan itself. */
  readonly by: string;
  readonly reason: string | null;
  /** Of the topic and the audit log, where the state alone does not say it. */
  readonly what?: 'resumed' | 'asks' | 'rollback';
  /** Told once, to who is told of the whole installation, if environments are of several tenants. */
  readonly isOne?: boolean;
}

/** Brings a plan into a state, says so in the audit log of each environment, and tells who wants to know. */
export async function setState(
  trx: Database,
  { row, version }: KnownPlan,
  nowMs: number,
  { state, by, reason, what = state as never, isOne = false }: NewState,
): Promise<void> {
  const { id } = row;
  await trx
    .updateTable('plans')
    .set({ state, ended_by: by, reason, updated_ms: nowMs })
    .where('id', '=', id)
    .execute();
  if (state === 'stopped' || state === 'finished') await forgetPlanProbes(trx, id);
  const environments = await placesOf(trx, { row, version });
  const { digest } = version;
  const judged = await ringsNamed(trx, { row, version });
  const after = { state, number: row.number, digest, ...(reason === null ? {} : { reason }), ...judged };
  await appendAudits(
    trx,
    nowMs,
    environments.map(({ id: environment }) => ({
      who: by,
      what: `plan.${what}`,
      subject: `plan/${id}`,
      environment,
      before: { state: row.state },
      after,
    })),
  );
  await tell(trx, { row, version }, nowMs, { state, what, reason, isOne });
}

/** The environments that a plan names, by their names. */
async function placesOf(trx: Database, known: KnownPlan): Promise<EnvironmentRow[]> {
  const ids = new Set<string>(environmentsOf(known).map(({ environment }) => environment));
  return (await allEnvironments(trx)).filter((one) => ids.has(one.id));
}

interface Told {
  readonly state: string;
  readonly what: keyof typeof sentences;
  readonly reason: string | null;
  readonly isOne: boolean;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Tells who wants to know of a plan. */
export async function tell(
  trx: Database,
  known: KnownPlan,
  nowMs: number,
  { state, what, reason, isOne, details = {} }: Told,
): Promise<void> {
  const {
    row: { id },
    version,
  } = known;
  const environments = await placesOf(trx, known);
  const { digest } = version;
  const { product, version: release, kind } = version.document;
  const title = release === null ? `undeploy ${product}` : `${product}@${release}`;
  const told = {
    topic: `plan.${what}`,
    subject: `plan/${id}`,
    data: { plan: id, state, kind, product, version: release, digest, ...details },
  };
  const said = `The plan ${id} (${title}) ${sentences[what]}`;
  const tenants = Map.groupBy(environments, ({ tenant }) => tenant);
  if (isOne && tenants.size > 1) {
    const why = reason === null ? '.' : `: ${reason}`;
    await notify(trx, nowMs, { ...told, environment: null, tenant: null, message: `${said}${why}` });
  } else {
    // Reasons name environments, and no tenant is told of another's.
    const why = reason === null || tenants.size > 1 ? '' : `: ${reason}`;
    const places = [...tenants].map(([tenant, [first, ...others]]) => ({
      tenant,
      environment: first === undefined || others.length > 0 ? null : fullName(first),
    }));
    await notifyIn(trx, nowMs, { ...told, message: `${said}${why}.` }, places);
  }
  // Once, however many tenants; who made the plan named them for all of it.
  const stakeholders = await stakeholdersOf(trx, id, told.topic);
  await queue(
    trx,
    nowMs,
    {
      ...told,
      message: `${said}${reason === null ? '' : `: ${reason}`}.`.replace(/\.\.$/, '.'),
      tenant: tenants.size === 1 ? (environments[0]?.tenant ?? null) : null,
      environment: null,
    },
    stakeholders.map((one) => one.id),
  );
}

const sentences = {
  started: 'was started',
  resumed: 'goes on',
  paused: 'was paused',
  asks: 'asks whether to go on',
  waits: 'waits for approvals',
  approved: 'is approved, and may be started',
  refused: 'was refused',
  stopped: 'was stopped',
  finished: 'has finished',
  rollback: 'is taken back',
} as const;
