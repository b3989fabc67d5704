import {
  drawnFor,
  hookTimeoutDefaultMs,
  mostPreflightOrders,
  type PackageDocument,
  parseSelector,
  preflightJob,
  preflightOutcome,
  preflightRunOf,
  selects,
  XylemError,
} from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Insertable } from 'kysely';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database, Tables } from '../db/tables.ts';
import { candidateOf } from '../deployments/candidate.ts';
import { deployingLock } from '../deployments/rows.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { endPreflights, preflightRuns } from '../jobs/preflights.ts';
import { silentMs } from '../jobs/settle.ts';
import { begunBy } from './begun.ts';
import { type HeardHost, type Surveyed, survey } from './facts.ts';
import { givenTo } from './given.ts';
import type { PlanOptions } from './prepare.ts';
import { type KnownPlan, planLock, planNamed, requireFresh, stateText } from './rows.ts';

interface AskHosts {
  readonly id: string;
  /** As the audit log names them. */
  readonly who: string;
  /** A selector; absent: every host that the plan changes. */
  readonly where?: string | undefined;
  /** So many of each environment at most, drawn; absent: all. */
  readonly hosts?: number | undefined;
  /** Only in environments that demand it. */
  readonly demanded?: boolean;
  /** Only who was never asked for this plan: to ask again is for people. */
  readonly isFirst?: boolean;
}

/** Of one insert: a database takes so many values at once. */
const rowsAtOnce = 200;

/**
 * Orders of the hosts that a plan would change to look beforehand whether they can take it (docs/spec/plans.md,
 * Preflights).
 * @returns the environments in which there is something to direct
 * @throws XylemError E_NOT_FOUND, E_PLAN_STATE, E_PLAN_EXPIRED, E_SELECTOR, and what `candidateOf` throws
 */
export async function askHosts(options: PlanOptions, asked: AskHosts): Promise<string[]> {
  const { db, clock } = options;
  const known = await planNamed(db, asked.id);
  const nowMs = clock.now();
  requireAskable(known, nowMs);
  const changed: string[] = [];
  for (const { environment, isDemanded } of await environmentsToAsk(db, known)) {
    const { kind, product, version } = known.version.document;
    const wanted = { environment, kind, product, skipUnfit: true, ...(version === null ? {} : { version }) };
    if (asked.demanded === true && !isDemanded) continue;
    // Outside of the transaction: by what is known a moment later a host is asked in vain, or once more.
    const candidate = await candidateOf(db, wanted, nowMs);
    const surveyed = await survey(db, candidate, false);
    const isAsked = await db.transaction().execute(async (trx) => {
      await lockFor(trx, planLock(asked.id));
      requireAskable(await planNamed(trx, asked.id), nowMs);
      await lockFor(trx, deployingLock(environment.id));
      return await askIn(trx, options, known, surveyed, asked, nowMs);
    });
    if (isAsked) changed.push(environment.id);
  }
  return changed;
}

function requireAskable({ row, version }: KnownPlan, nowMs: number): void {
  if (version.document.kind !== 'deploy')
    throw new XylemError('E_INPUT', `The plan ${row.id} brings nothing that hosts could look at.`);
  if (row.state === 'open') requireFresh(version, nowMs);
  else if (row.state !== 'started' && row.state !== 'paused')
    throw new XylemError('E_PLAN_STATE', `${stateText(row)} Hosts are asked for a plan that is to come.`);
}

interface ToAsk {
  readonly environment: EnvironmentRow;
  /** By its stage, or by its own policy. */
  readonly isDemanded: boolean;
}

const demandsPreflight = (environment: EnvironmentRow): boolean =>
  parseEnvironmentYaml(environment.yaml, fullName(environment)).policy.preflight === 'required';

/** Those that the plan has not come to. */
async function environmentsToAsk(db: Database, known: KnownPlan): Promise<ToAsk[]> {
  const begun = new Set((await begunBy(db, known)).map(({ environment }) => environment));
  const demanded = new Map<string, boolean>(
    known.version.document.stages.flatMap(({ environments, gates }) =>
      environments.map(({ environment }) => [environment, gates?.preflight === 'required'] as const),
    ),
  );
  const ids = [...demanded.keys()].filter((id) => !begun.has(id));
  if (ids.length === 0) return [];
  const rows = await db.selectFrom('environments').selectAll().where('id', 'in', ids).execute();
  const rowOf = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const environment = rowOf.get(id);
    if (environment === undefined) return [];
    return [{ environment, isDemanded: demanded.get(id) === true || demandsPreflight(environment) }];
  });
}

type Row = Insertable<Tables['job_runs']>;

/** @returns whether anything is ordered there that was not */
async function askIn(
  trx: Database,
  { randomness }: PlanOptions,
  known: KnownPlan,
  surveyed: Surveyed,
  { who, where, hosts: most, isFirst = false }: AskHosts,
  nowMs: number,
): Promise<boolean> {
  const { environment, target, product } = surveyed.candidate;
  if (target === null) return false;
  const plan = known.row.id;
  const { changes, changing } = givenTo(surveyed);
  const selector = parseSelector(where ?? '');
  const fitting = [...changing.values()].filter(({ host }) => selects(selector, host));
  const drawn = drawnFor(
    plan,
    fitting.map(({ host }) => host.id),
  ).slice(0, most);
  const lastOf = preflightRunOf(await preflightRuns(trx, plan, [environment.id]));
  const coming = Map.groupBy(
    changes.filter(({ to }) => to !== null),
    ({ host }): string => host,
  );
  const rows = drawn.flatMap((id): Row[] => {
    const heard = changing.get(id);
    return (coming.get(id) ?? []).flatMap(({ component }, index): Row[] => {
      const part = target.release.packages.find((one) => one.component === component);
      if (part === undefined || heard === undefined) return [];
      const last = lastOf({ host: id, component, package: part.package });
      const outcome = last === undefined ? 'unasked' : preflightOutcome(last.state);
      if (outcome === 'passed' || outcome === 'asked' || (isFirst && outcome !== 'unasked')) return [];
      const timeoutMs = timeoutOf(surveyed.coming.find((one) => one.component === component));
      const cannot = whyNot(heard, index);
      return [
        {
          id: randomness.bytes(16).toString('hex'),
          environment: environment.id,
          product,
          component,
          version: part.version,
          package: part.package,
          release: target.digest,
          job: preflightJob,
          host: id,
          stopped: 0,
          preflight_of: plan,
          preflight_stands: cannot === null ? 1 : 0,
          state: cannot === null ? 'ordered' : 'refused',
          note: cannot?.message ?? null,
          ordered_by: who,
          ordered_ms: nowMs,
          timeout_ms: timeoutMs,
          deadline_ms: nowMs + timeoutMs + silentMs,
          started_ms: null,
          finished_ms: cannot === null ? null : nowMs,
          result: cannot === null ? null : JSON.stringify(unableResult(cannot)),
          report: null,
        },
      ];
    });
  });
  if (rows.length === 0) return false;
  const others = { environment: environment.id, product, but: plan };
  await endPreflights(trx, others, `The hosts were asked for the plan ${plan} instead.`, nowMs);
  await supersede(trx, plan, rows);
  for (let from = 0; from < rows.length; from += rowsAtOnce)
    await trx
      .insertInto('job_runs')
      .values(rows.slice(from, from + rowsAtOnce))
      .execute();
  await appendAudit(trx, nowMs, {
    who,
    what: 'plan.preflight',
    subject: `plan/${plan}`,
    environment: environment.id,
    after: { product, version: target.release.version, hosts: drawn.length, orders: rows.length },
  });
  return true;
}

/** What was answered before leaves the host map for the new order. */
async function supersede(trx: Database, plan: string, rows: readonly Row[]): Promise<void> {
  const hosts = [...new Set(rows.map(({ host }) => host))];
  for (let from = 0; from < hosts.length; from += rowsAtOnce) {
    await trx
      .updateTable('job_runs')
      .set({ preflight_stands: 0 })
      .where('preflight_of', '=', plan)
      .where('preflight_stands', '=', 1)
      .where('state', 'not in', ['ordered', 'running', 'passed'])
      .where('host', 'in', hosts.slice(from, from + rowsAtOnce))
      .execute();
  }
}

const timeoutOf = (document: PackageDocument | undefined): number =>
  document?.hooks?.before?.['preflight']?.timeoutMs ?? hookTimeoutDefaultMs;

/** Why a host is not even asked. One that never reported is: it may be about to. */
function whyNot({ host, report }: HeardHost, index: number): XylemError | null {
  if (report !== undefined && report.knows?.includes(preflightJob) !== true)
    return new XylemError(
      'E_FORMAT_UNSUPPORTED',
      `The agent of ${host.name} (${report.agent}) is too old to look beforehand. Update it; it looks before its switch all the same.`,
    );
  if (index < mostPreflightOrders) return null;
  const message = `More than ${mostPreflightOrders} components change on ${host.name}; this one is looked at before its switch.`;
  return new XylemError('E_JOB_REFUSED', message);
}

const unableResult = ({ code, message }: XylemError) => ({
  outcome: 'refused',
  exitCode: null,
  output: { text: '', sizeBytes: 0 },
  seconds: 0,
  code,
  message,
});
