import {
  type Job,
  jobTimeoutDefaultMs,
  mostJobOrders,
  parseSelector,
  selects,
  withoutTexts,
  XylemError,
} from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { deployingLock, productDirections } from '../deployments/rows.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { type HostRecord, hostsIn } from '../hosts/host-rows.ts';
import { documentsOf } from '../migrations/rows.ts';
import type { Root } from '../root.ts';
import { type JobRun, jobRuns, openStates } from './rows.ts';
import { silentMs } from './settle.ts';

export interface OrderJob {
  readonly component: string;
  readonly job: string;
  /** A selector; absent: every host. */
  readonly where?: string;
  /** On how many of those that fit; absent: one. */
  readonly hosts?: number | 'all';
  /** Only where this version runs. */
  readonly version?: string;
  /** Also where it does not run. */
  readonly stopped?: boolean;
}

/** An order of a plan: only where exactly this package is committed. */
export interface OrderTest extends OrderJob {
  readonly package: string;
  readonly plan: string;
}

/** A host that has the component, and the package that it said it has. */
interface Candidate {
  readonly host: HostRecord;
  readonly product: string;
  readonly package: string;
  readonly version: string;
  readonly isWell: boolean;
  readonly open: number;
  readonly job: Job;
}

/** Of so many runs of an environment all is kept; of older ones what became of them. */
const mostWhole = 200;

/**
 * Orders a job once from each of so many hosts that have the component, and directs it.
 * @throws XylemError E_NOT_FOUND, E_INPUT, E_CONFLICT, E_SELECTOR, E_CONFIRM_RESTORE
 */
export async function orderJob(
  root: Root,
  who: string,
  environment: EnvironmentRow,
  asked: OrderJob,
): Promise<JobRun[]> {
  if (root.restored.isRestored()) {
    const message = 'This root server was restored; nothing is ordered until that is confirmed.';
    throw new XylemError('E_CONFIRM_RESTORE', message);
  }
  const ids = await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, deployingLock(environment.id));
    return await orderJobIn(trx, root, who, environment, asked);
  });
  await root.directing.publish(environment.id);
  return await jobRuns(root.db, { ids });
}

/**
 * Orders a job in a transaction that holds the environment's deploying lock; who commits it publishes.
 * @returns the ids of the runs
 * @throws XylemError E_NOT_FOUND, E_INPUT, E_CONFLICT, E_SELECTOR
 */
export async function orderJobIn(
  trx: Database,
  { clock, randomness }: Pick<Root, 'clock' | 'randomness'>,
  who: string,
  environment: EnvironmentRow,
  asked: OrderJob | OrderTest,
): Promise<string[]> {
  const chosen = choose(await candidates(trx, environment, asked), environment, asked);
  const releases = await releasesIn(trx, environment.id);
  const nowMs = clock.now();
  const made: string[] = [];
  for (const one of chosen) {
    const id = Buffer.from(randomness.bytes(16)).toString('hex');
    const timeoutMs = one.job.timeoutMs ?? jobTimeoutDefaultMs;
    const run = {
      product: one.product,
      component: asked.component,
      version: one.version,
      package: one.package,
      release: releases.get(one.package) ?? null,
      job: asked.job,
      host: one.host.id,
    };
    await trx
      .insertInto('job_runs')
      .values({
        id,
        environment: environment.id,
        ...run,
        stopped: asked.stopped === true ? 1 : 0,
        preflight_of: null,
        preflight_stands: null,
        state: 'ordered',
        note: null,
        ordered_by: who,
        plan: 'plan' in asked ? asked.plan : null,
        ordered_ms: nowMs,
        timeout_ms: timeoutMs,
        deadline_ms: nowMs + timeoutMs + silentMs,
        started_ms: null,
        finished_ms: null,
        result: null,
        report: null,
      })
      .execute();
    made.push(id);
    await appendAudit(trx, nowMs, {
      who,
      what: 'job.run',
      subject: `job/${id}`,
      environment: environment.id,
      after: run,
    });
  }
  await slimOld(trx, environment.id);
  return made;
}

async function candidates(
  trx: Database,
  environment: EnvironmentRow,
  asked: OrderJob | OrderTest,
): Promise<Candidate[]> {
  const { component, job, where, version } = asked;
  const wanted = 'package' in asked ? asked.package : undefined;
  const selector = parseSelector(where ?? '');
  const hosts = new Map(
    (await hostsIn(trx, [environment.id]))
      .filter((host) => !host.retired && host.revoked === null && selects(selector, host))
      .map((host) => [host.id, host]),
  );
  const reported = await trx
    .selectFrom('host_components')
    .selectAll()
    .where('environment', '=', environment.id)
    .where('component', '=', component)
    .execute();
  const there = reported.filter(
    (row) =>
      hosts.has(row.host) &&
      (version ?? row.version) === row.version &&
      (wanted ?? row.package) === row.package,
  );
  const which =
    wanted !== undefined
      ? `the package of ${component} that the plan brought`
      : version === undefined
        ? component
        : `${component} ${version}`;
  const whose = where === undefined ? '' : ` that fits ${where}`;
  if (there.length === 0) {
    throw new XylemError(
      'E_NOT_FOUND',
      `No host of ${fullName(environment)}${whose} has said that it has ${which}.`,
    );
  }
  const documents = await documentsOf(
    trx,
    there.map((row) => row.package),
  );
  const open = await trx
    .selectFrom('job_runs')
    .select(['host', (e) => e.fn.countAll<number>().as('open')])
    .where('environment', '=', environment.id)
    .where('state', 'in', openStates)
    .where('preflight_of', 'is', null)
    .groupBy('host')
    .execute();
  const openOf = new Map(open.map((row) => [row.host, Number(row.open)]));
  const names = new Set<string>();
  const found = there.flatMap((row): Candidate[] => {
    const host = hosts.get(row.host);
    const jobs = documents.get(row.package)?.jobs ?? {};
    for (const name of Object.keys(jobs)) names.add(name);
    const own = Object.hasOwn(jobs, job) ? jobs[job] : undefined;
    if (host === undefined || own === undefined) return [];
    const isWell = (row.state === 'running' || row.state === 'installed') && row.healthy !== 0;
    const { product, package: digest } = row;
    const same = { host, product, package: digest, version: row.version, job: own };
    return [{ ...same, isWell, open: openOf.get(row.host) ?? 0 }];
  });
  if (found.length > 0) return found;
  const has = names.size === 0 ? 'It has none.' : `It has ${[...names].sort().join(', ')}.`;
  throw new XylemError('E_NOT_FOUND', `No package of ${which} there has a job ${job}. ${has}`);
}

/** Those that are well first, then those with the least to do, then by name: the same question, the same hosts. */
function choose(
  found: readonly Candidate[],
  environment: EnvironmentRow,
  { hosts: asked = 1, component }: OrderJob,
): readonly Candidate[] {
  const hosts = asked === 'all' ? found.length : asked;
  if (found.length < hosts) {
    const message = `${hosts} hosts were asked for, and ${found.length} of ${fullName(environment)} have ${component} with that job.`;
    throw new XylemError('E_INPUT', message);
  }
  const free = found.filter(({ open }) => open < mostJobOrders);
  if (free.length < hosts) {
    const message = `${found.length - free.length} hosts have ${mostJobOrders} jobs to do already. Wait for them, or take some back with \`xylem job stop\`.`;
    throw new XylemError('E_CONFLICT', message);
  }
  const order = (a: Candidate, b: Candidate): number =>
    Number(b.isWell) - Number(a.isWell) || a.open - b.open || (a.host.name < b.host.name ? -1 : 1);
  return free.sort(order).slice(0, hosts);
}

/** By package the release that is directed there, the newest word first. */
async function releasesIn(trx: Database, environment: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const { settled, deployments } of await productDirections(trx, environment)) {
    for (const known of [...deployments.map(({ release }) => release), settled]) {
      for (const one of known?.release.packages ?? [])
        if (known !== null && !found.has(one.package)) found.set(one.package, known.digest);
    }
  }
  return found;
}

async function slimOld(trx: Database, environment: string): Promise<void> {
  const old = await trx
    .selectFrom('job_runs')
    .select(['id', 'result'])
    .where('environment', '=', environment)
    .where('report', 'is not', null)
    .where('preflight_of', 'is', null)
    .orderBy('ordered_ms', 'desc')
    .orderBy('id')
    .limit(1_000)
    .offset(mostWhole)
    .execute();
  for (const { id, result } of old) {
    const slim = result === null ? null : JSON.stringify(withoutTexts(JSON.parse(result)));
    await trx.updateTable('job_runs').set({ report: null, result: slim }).where('id', '=', id).execute();
  }
}
