import { appendAudit } from '../audit/audit.ts';
import { withOrigin } from '../audit/origin.ts';
import type { Database } from '../db/tables.ts';
import type { LastRecord } from './records.ts';

interface End {
  /** `deployment.<is>` is what was done. */
  readonly is: string;
  readonly was: string;
  readonly reason: string;
  /** Absent: by the evidence. */
  readonly by?: string;
}

/** The end of a deployment, or of the watch over it, in the audit log, with the last record of what it was decided by. */
export async function auditEnd(
  trx: Database,
  { id, environment }: { readonly id: string; readonly environment: string },
  { is, was, reason, by }: End,
  last: LastRecord | null,
  nowMs: number,
): Promise<void> {
  const own = `deployment/${id}`;
  const append = async (): Promise<void> =>
    await appendAudit(trx, nowMs, {
      who: by ?? own,
      what: `deployment.${is}`,
      subject: own,
      environment,
      before: { state: was },
      after: { state: is, reason, ...recordNamed(last) },
    });
  // Whoever's report or request it came by.
  await (by === undefined ? withOrigin({ who: own, from: null }, append) : append());
}

/** How an entry of the audit log names records: by the last, which holds the digest of all before. */
export const recordNamed = (
  last: LastRecord | null,
): { readonly records?: number; readonly evidence?: string } =>
  last === null ? {} : { records: last.number, evidence: last.digest };
