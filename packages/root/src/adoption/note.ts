import type { Report } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import type { Database } from '../db/tables.ts';

/** What a report says of observing and adopting. */
export type SaidOfAdoption = Pick<Report, 'observing' | 'adoptions'>;

/** What the newest reports of these hosts say of it, by host; most say nothing, and are not read. */
export async function adoptionBefore(
  trx: Database,
  hosts: readonly string[],
): Promise<ReadonlyMap<string, SaidOfAdoption>> {
  const rows = await trx
    .selectFrom('reports')
    .select(['host', 'document'])
    .where('host', 'in', hosts)
    .where((one) =>
      one.or([one('document', 'like', '%"observing":{%'), one('document', 'like', '%"adoptions":[%')]),
    )
    .execute();
  return new Map(rows.map(({ host, document }) => [host, JSON.parse(document) as Report]));
}

const whats = {
  adopted: 'host.adopted',
  'given back': 'host.given-back',
  differs: 'host.adoption-refused',
  refused: 'host.adoption-refused',
} as const;

/**
 * Writes into the audit log that a host began or ceased to observe, and what became of each order to adopt, since its
 * report before: `who` is the host, and whose order it was stands in the entry.
 */
export async function noteAdoption(
  trx: Database,
  report: Report,
  before: SaidOfAdoption | undefined,
  nowMs: number,
): Promise<void> {
  const subject = `host/${report.host}`;
  const entry = { who: subject, subject, environment: report.environment };
  const { observing } = report;
  if (observing !== undefined && before?.observing === undefined)
    await appendAudit(trx, nowMs, { ...entry, what: 'host.observing', after: observing });
  if (observing === undefined && before?.observing !== undefined)
    await appendAudit(trx, nowMs, { ...entry, what: 'host.observing-ended', before: before.observing });
  for (const adoption of report.adoptions ?? []) {
    const { outcome, order } = adoption;
    // Under way: the host says what became of it.
    if (outcome === 'agreed') continue;
    const isKnown = before?.adoptions?.some((one) => one.order === order && one.outcome === outcome) === true;
    if (!isKnown) await appendAudit(trx, nowMs, { ...entry, what: whats[outcome], after: adoption });
  }
}
