import type {
  AheadPart,
  Digest,
  HostId,
  HostMapEntry,
  PreflightOrder,
  PreflightRun,
  Version,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { openStates } from './rows.ts';

/** What hosts of an environment are to look at beforehand, and the packages that they look at. */
export async function preflightOrders(
  db: Database,
  environment: string,
): Promise<{
  readonly orders: ReadonlyMap<HostId, readonly PreflightOrder[]>;
  readonly parts: readonly AheadPart[];
}> {
  const rows = await db
    .selectFrom('job_runs')
    .select(['id', 'host', 'product', 'component', 'package', 'version', 'release'])
    .where('environment', '=', environment)
    .where('preflight_of', 'is not', null)
    .where('preflight_stands', '=', 1)
    .orderBy('component')
    .orderBy('id')
    .execute();
  const orders = new Map<HostId, PreflightOrder[]>();
  const parts = new Map<string, AheadPart>();
  for (const { id, host, component, product, version, release, ...row } of rows) {
    const digest = row.package as Digest;
    orders.set(host as HostId, [...(orders.get(host as HostId) ?? []), { id, component, package: digest }]);
    if (release === null) continue;
    const part = {
      product,
      release: release as Digest,
      component,
      package: digest,
      version: version as Version,
    };
    parts.set(`${component} ${digest}`, part);
  }
  const inOrder = [...parts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, part]) => part);
  return { orders, parts: inOrder };
}

/** The entries of hosts with what they are to look at. */
export function withPreflights(
  entries: Map<HostId, HostMapEntry>,
  orders: ReadonlyMap<HostId, readonly PreflightOrder[]>,
): void {
  for (const [host, preflight] of orders) {
    const entry = entries.get(host);
    if (entry !== undefined && entry.retired !== true) entries.set(host, { ...entry, preflight });
  }
}

/** A run of a plan in an environment, the newest first; of hosts that are not gone. */
export async function preflightRuns(
  db: Database,
  plan: string,
  environments: readonly string[],
): Promise<(PreflightRun & { readonly environment: string; readonly name: string })[]> {
  if (environments.length === 0) return [];
  return await db
    .selectFrom('job_runs')
    .innerJoin('hosts', 'hosts.id', 'job_runs.host')
    .select([
      'job_runs.id',
      'job_runs.environment',
      'job_runs.host',
      'hosts.name',
      'job_runs.component',
      'job_runs.package',
      'job_runs.state',
      'job_runs.note',
    ])
    .where('job_runs.preflight_of', '=', plan)
    .where('job_runs.environment', 'in', environments)
    .whereRef('hosts.environment', '=', 'job_runs.environment')
    .where('hosts.retired', '=', 0)
    .where('hosts.revoked_ms', 'is', null)
    .orderBy('job_runs.ordered_ms', 'desc')
    .orderBy('job_runs.id')
    .execute();
}

/** With which code each of these ended; those without one are left out. */
export async function codesOf(db: Database, runs: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (runs.length === 0) return new Map();
  const rows = await db.selectFrom('job_runs').select(['id', 'result']).where('id', 'in', runs).execute();
  return new Map(
    rows.flatMap(({ id, result }): [string, string][] => {
      const code = result === null ? undefined : (JSON.parse(result) as { code?: string }).code;
      return code === undefined ? [] : [[id, code]];
    }),
  );
}

/** Takes orders out of the host map; those that are not over are lost. @returns the environments */
export async function endPreflights(
  trx: Database,
  of: {
    readonly plan?: string;
    readonly environment?: string;
    readonly product?: string;
    readonly but?: string;
  },
  why: string,
  nowMs: number,
): Promise<void> {
  let stand = trx.updateTable('job_runs').where('preflight_stands', '=', 1);
  if (of.plan !== undefined) stand = stand.where('preflight_of', '=', of.plan);
  if (of.environment !== undefined) stand = stand.where('environment', '=', of.environment);
  if (of.product !== undefined) stand = stand.where('product', '=', of.product);
  if (of.but !== undefined) stand = stand.where('preflight_of', '!=', of.but);
  await stand
    .where('state', 'in', openStates)
    .set({ state: 'lost', note: why, finished_ms: nowMs })
    .execute();
  await stand.set({ preflight_stands: 0 }).execute();
}
