import { causeOf, type IncidentKind, type Report, signsOf } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { clearSigns, noteSigns, type SeenSign } from './signs.ts';

/** What a host says by its reports, and what any report of it ends. */
const reported: ReadonlySet<IncidentKind> = new Set(['host-failed', 'host-held', 'drift', 'host-silent']);

/**
 * Compares what the newest reports of hosts say with the evidence that stands about these hosts, in the transaction
 * that takes them. What it costs does not grow with the fleet: a report without news is one look at an index.
 */
export async function noteReported(trx: Database, reports: readonly Report[], nowMs: number): Promise<void> {
  if (reports.length === 0) return;
  const rows = await trx
    .selectFrom('incident_signs')
    .select(['environment', 'key', 'subject'])
    .where(
      'host',
      'in',
      reports.map(({ host }) => host),
    )
    .where('cleared_ms', 'is', null)
    .execute();
  const held = Map.groupBy(rows, ({ subject }) => subject);
  const seen: SeenSign[] = [];
  const over: typeof rows = [];
  for (const report of reports) {
    const { environment, host } = report;
    const standing = (held.get(host) ?? []).filter((one) => one.environment === environment);
    const said = signsOf(report, nowMs);
    const saidKeys = new Set(said.map(({ key }) => key));
    const standingKeys = new Set(standing.map(({ key }) => key));
    over.push(...standing.filter(({ key }) => reported.has(causeOf(key).kind) && !saidKeys.has(key)));
    for (const sign of said) {
      if (!standingKeys.has(sign.key)) seen.push({ ...sign, environment, subject: host, isHost: true });
    }
  }
  await clearSigns(trx, over, nowMs);
  await noteSigns(trx, seen, nowMs);
}
