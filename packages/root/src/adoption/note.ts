import type { Report } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import type { Database } from '../db/tables.ts';
import type { Told } from '../hosts/told.ts';

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
  before: Told | undefined,
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
