import type { Report } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import type { Database } from '../db/tables.ts';

type Revert = NonNullable<Report['reverts']>[number];

/** What the newest reports of these hosts say of it, by host; most say nothing, and are not read. */
export async function revertsBefore(
  trx: Database,
  hosts: readonly string[],
): Promise<ReadonlyMap<string, readonly Revert[]>> {
  const rows = await trx
    .selectFrom('reports')
    .select(['host', 'document'])
    .where('host', 'in', hosts)
    .where('document', 'like', '%"reverts":[%')
    .execute();
  return new Map(rows.map(({ host, document }) => [host, (JSON.parse(document) as Report).reverts ?? []]));
}

/**
 * Writes into the audit log what people on a host took back, or undid, since its report before. They said it there,
 * without this root server: `who` is the host, and who it was stands in the entry.
 */
export async function noteReverts(
  trx: Database,
  report: Report,
  before: readonly Revert[],
  nowMs: number,
): Promise<void> {
  const now = report.reverts ?? [];
  const entry = {
    who: `host/${report.host}`,
    subject: `host/${report.host}`,
    environment: report.environment,
  };
  for (const revert of now.filter((one) => !before.some((other) => isSame(one, other)))) {
    await appendAudit(trx, nowMs, { ...entry, what: 'host.reverted', after: revert });
  }
  for (const revert of before.filter((one) => !now.some((other) => isSame(one, other)))) {
    await appendAudit(trx, nowMs, { ...entry, what: 'host.revert-undone', before: revert });
  }
}

const isSame = (a: Revert, b: Revert): boolean => a.product === b.product && a.since === b.since;
