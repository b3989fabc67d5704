import { type DesiredState, lifetimes, timeMs } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import type { Database } from '../db/tables.ts';
import { noteCertificate } from '../hosts/revoked.ts';

/**
 * Revokes again who was revoked after the backup, as the newest desired state that a relay holds says. Why it was is
 * lost with the audit log of that time.
 */
export async function adoptRevocations(
  trx: Database,
  { environment, revoked = [] }: DesiredState,
  nowMs: number,
): Promise<void> {
  for (const { host, until } of revoked) {
    const row = await trx.selectFrom('hosts').selectAll().where('id', '=', host).executeTakeFirst();
    if (row === undefined || row.revoked_ms !== null) continue;
    const reason = 'It was revoked after the backup that this root server was restored from.';
    await trx
      .updateTable('hosts')
      .set({ retired: 1, revoked_ms: nowMs, revoked_reason: reason })
      .where('id', '=', host)
      .execute();
    // Certificates that it got after the backup are not in it: as long as that desired state named it, one counts.
    const untilMs = timeMs(until) - lifetimes.nodeGraceMs;
    await noteCertificate(trx, host, { environment, serves: null }, untilMs);
    await appendAudit(trx, nowMs, {
      who: 'restore',
      what: 'host.revoke',
      subject: `host/${host}`,
      environment: row.environment,
      after: { reason },
    });
  }
}
